"""Join: the one door for people who are not signed in yet, besides the sign-in itself."""

from allauth.account.utils import perform_login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from tokens.actions import people as deeds
from tokens.forms.people import JoinForm
from tokens.models import Invitation


@login_not_required  # whoever has the link is not a person here yet
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, key: str) -> HttpResponse:
    """Takes a name and a password, makes the invited person, and signs them in."""
    invitation = Invitation.objects.behind(key)
    if invitation is None:
        return render(request, "people/invitation_ended.html", status=404)
    form = JoinForm(request.POST or None, invitation=invitation)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "invitation": invitation}
        return render(request, "people/join.html", context, status=422 if form.errors else 200)
    try:
        person = deeds.join(invitation, **form.cleaned_data)
    except (deeds.InvitationEnded, deeds.AlreadyAPerson):
        return render(request, "people/invitation_ended.html", status=404)
    signed_in: HttpResponse = perform_login(request, person)
    return signed_in
