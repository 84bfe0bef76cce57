"""Second factors of others: the company's policy, a colleague's reset; and one's own sessions."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from tokens import permissions
from tokens.actions import companies
from tokens.actions import factors as deeds
from tokens.forms.factors import PolicyForm
from tokens.models import User
from tokens.views.recently import recently_authenticated
from tokens.views.request import PersonRequest, posted


@require_http_methods(["GET", "HEAD", "POST"])
@recently_authenticated
def policy(request: PersonRequest) -> HttpResponse:
    """Whether everybody of the company needs a second factor."""
    company = request.user.company
    permissions.check(permissions.may_change_people(request.user, company))
    now = {"require_second_factor": company.require_second_factor}
    form = PolicyForm(posted(request), initial=now)
    if not form.is_valid():
        return render(request, "people/policy.html", {"form": form})
    companies.change_policy(company, by=request.user, **form.cleaned_data)
    messages.success(request, _("The policy is saved."))
    return redirect("company_policy")


@require_http_methods(["GET", "HEAD", "POST"])
@recently_authenticated
def reset(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """Says what will happen to somebody's second factor, and does it when confirmed."""
    person = get_object_or_404(User.objects.visible_to(request.user), public_id=public_id)
    permissions.check(permissions.may_change_people(request.user, person.company))
    if request.method != "POST":
        return render(request, "people/reset_factor.html", {"person": person})
    deeds.reset(person, by=request.user)
    told = _("%(person)s has no second factor any more, and is signed out everywhere.")
    messages.success(request, told % {"person": person.name})
    return redirect(person)


@require_POST
def sign_out_everywhere(request: PersonRequest) -> HttpResponse:
    """Ends all sessions of the person but this one."""
    person = deeds.sign_out_everywhere(by=request.user)
    update_session_auth_hash(request, person)
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("mfa_index")
