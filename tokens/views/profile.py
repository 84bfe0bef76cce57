"""The own account: who somebody is here, and in which language and time zone they read."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django.views.i18n import set_language

from tokens.forms.profile import LanguageForm
from tokens.views.request import PersonRequest, posted


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: PersonRequest) -> HttpResponse:
    """Asks for language and time zone. What they choose is theirs alone, and no event."""
    form = LanguageForm(posted(request), person=request.user)
    if form.is_valid():
        form.save()
        return _chosen(request, form.cleaned_data["language"])
    status = 422 if form.errors else 200
    return render(request, "profile/show.html", {"form": form}, status=status)


def _chosen(request: PersonRequest, language: str) -> HttpResponse:
    """Says so in the language that holds from now on."""
    answer = redirect("account")
    if not language:
        # What was chosen in this browser before the sign-in is no longer chosen either.
        request.COOKIES.pop(settings.LANGUAGE_COOKIE_NAME, None)
        answer.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    with translation.override(language or translation.get_language_from_request(request)):
        messages.success(request, _("Your choice is kept."))
    return answer


@login_not_required  # who has not signed in reads in some language too
@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keeps a language in this browser, for whoever has chosen none of their own."""
    return set_language(request)
