"""In which language and time zone does a person read?"""

from collections.abc import Iterator
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tokens.models import User

AREAS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia"),
    *("Atlantic", "Australia", "Europe", "Indian", "Pacific"),
)


@cache
def places() -> list[str]:
    """The zones that are named after a place, and UTC."""
    return ["UTC", *sorted(zone for zone in available_timezones() if zone.startswith(AREAS))]


def zones() -> Iterator[tuple[str, object]]:
    yield "", _("The portal's: %(zone)s") % {"zone": settings.TIME_ZONE}
    yield from ((place, place) for place in places())


class LanguageForm(forms.Form):
    """What is chosen holds for screens and for mails."""

    language = forms.ChoiceField(
        required=False,
        label=_("Language"),
        choices=[("", _("The browser's")), *settings.LANGUAGES],
        help_text=_("Mails are in English, unless you choose a language."),
    )
    time_zone = forms.ChoiceField(required=False, label=_("Time zone"), choices=zones)

    def __init__(self, *args: Any, person: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self._person = person
        self.initial = {"language": person.language, "time_zone": person.time_zone}

    def save(self) -> None:
        self._person.language = self.cleaned_data["language"]
        self._person.time_zone = self.cleaned_data["time_zone"]
        self._person.save(update_fields=["language", "time_zone"])
