"""Which mails does a person want?"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tokens.models import User
from tokens.models.messages import Kind

QUESTIONS = {
    Kind.TOKEN_REQUESTED: _("When I have requested a token"),
    Kind.TOKEN_REVOKED: _("When somebody else revokes a token that I requested"),
    Kind.COLLEAGUE_REQUESTED: _("When a colleague requests a token"),
    Kind.TOKENS_UNUSED: _("Once a month, when tokens were unused for 90 days"),
}


class MailChoicesForm(forms.Form):
    """One question for each kind of mail that the person may switch off or on."""

    def __init__(self, *args: Any, person: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self._person = person
        for kind, question in QUESTIONS.items():
            if kind.is_offered_to(person):
                self.fields[kind.value] = forms.BooleanField(
                    label=question, required=False, initial=kind.is_wanted_by(person)
                )

    def save(self) -> None:
        """Remembers the answers; those that were not asked for stay."""
        self._person.mail_choices |= self.cleaned_data
        self._person.save(update_fields=["mail_choices"])
