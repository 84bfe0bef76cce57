"""Join; list colleagues and invitations, invite, change roles, deactivate and reactivate."""

from uuid import UUID

from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tokens import figures, grants, permissions
from tokens.actions import people as deeds
from tokens.forms.people import InviteForm, JoinForm, RoleForm, TokensForm
from tokens.models import Event, Invitation, User
from tokens.models.accounts import Role
from tokens.pages import ROWS, Page
from tokens.views.recently import recently_authenticated
from tokens.views.request import PersonRequest, posted

DECIDED_AT_ONCE = 100  # tokens for which a page offers an exception


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


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """Colleagues by name, 50 a page, and the open invitations; or those who have left."""
    have_left = request.GET.get("status") == "deactivated"
    company, number = request.user.company, request.GET.get("page")
    people = figures.people_of(company)
    invited = company.invitations.open().select_related("invited_by").order_by("-expires_at", "pk")
    context = {
        "query": request.GET,
        "have_left": have_left,
        "page": Paginator(people.filter(is_active=not have_left), ROWS).get_page(number),
        "invited": Paginator(invited.none() if have_left else invited, ROWS).get_page(number),
        "may_change": permissions.may_change_people(request.user, company),
    }
    return render(request, "people/index.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@recently_authenticated
def invite(request: PersonRequest) -> HttpResponse:
    """Invites somebody to the person's own company, and shows the link."""
    company = request.user.company
    permissions.check(permissions.may_change_people(request.user, company))
    form = InviteForm(posted(request))
    if form.is_valid():
        try:
            invitation = deeds.invite(company=company, by=request.user, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        except deeds.AlreadyAPerson:
            form.add_error("email", _("Somebody has an account with this address already."))
        except deeds.AlreadyInvited:
            form.add_error("email", _("This address is invited already: send that again."))
        else:
            return _invited(request, invitation)
    return render(request, "people/invite.html", {"form": form}, status=422 if form.errors else 200)


def _invited(request: PersonRequest, invitation: Invitation) -> HttpResponse:
    """Answers the POST itself: the link is stored nowhere, so it is shown here or not at all."""
    return render(request, "people/invited.html", {"invitation": invitation})


@never_cache
@require_POST
@recently_authenticated
def renew(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """Gives an invitation another seven days, and shows its link again."""
    try:
        return _invited(request, deeds.renew(_invitation(request, public_id), by=request.user))
    except deeds.InvitationEnded as ended:
        return _has_ended(request, ended)


@require_POST
@recently_authenticated
def withdraw(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """Ends an invitation."""
    try:
        invitation = deeds.withdraw(_invitation(request, public_id), by=request.user)
    except deeds.InvitationEnded as ended:
        return _has_ended(request, ended)
    told = _("The invitation of %(email)s is withdrawn: its link opens nothing any more.")
    messages.success(request, told % {"email": invitation.email})
    return redirect("people")


def _has_ended(request: PersonRequest, ended: deeds.InvitationEnded) -> HttpResponse:
    told = _("The invitation of %(email)s has been accepted, withdrawn, or has ended.")
    messages.warning(request, told % {"email": ended})
    return redirect("people")


def _invitation(request: PersonRequest, public_id: UUID) -> Invitation:
    visible = Invitation.objects.visible_to(request.user).select_related("company")
    return get_object_or_404(visible, public_id=public_id)


@require_safe
def show(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """One person: role, live tokens, and what was done to them."""
    person = _person(request, public_id)
    return _page(request, person, RoleForm(initial={"role": person.role}))


def _page(request: PersonRequest, person: User, form: RoleForm) -> HttpResponse:
    tokens = person.requested_tokens.live().with_last_used_at().select_related("requested_by")
    older = tokens.older_than(request.GET.get("before", ""), of=person.company)
    context = {
        "person": person,
        "form": form,
        "page": Page(tokens, older=older, key="username"),
        "query": request.GET,
        "events": Event.objects.about(person)[:ROWS],
        "may_change": permissions.may_change_people(request.user, person.company),
    }
    return render(request, "people/show.html", context, status=422 if form.errors else 200)


@require_POST
@recently_authenticated
def change_role(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """Changes what a person may do."""
    person = _person(request, public_id)
    permissions.check(permissions.may_change_people(request.user, person.company))
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _page(request, person, form)
    try:
        person = deeds.change_role(person, by=request.user, **form.cleaned_data)
    except deeds.LastAdmin:
        form.add_error("role", _last_admin(person))
        return _page(request, person, form)
    told = _("The role of %(person)s is now: %(role)s.")
    messages.success(request, told % {"person": person, "role": person.get_role_display()})
    return redirect(person)


@require_http_methods(["GET", "HEAD", "POST"])
@recently_authenticated
def deactivate(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """Ends a person's access, and decides about their tokens."""
    person = _person(request, public_id)
    permissions.check(permissions.may_change_people(request.user, person.company))
    if not person.is_active:
        return _told(request, person, _("%(person)s has been deactivated already."))
    form = _tokens_form(request, person)
    if form.is_valid():
        try:
            deeds.deactivate(person, by=request.user, heir_of=form.heir_of)
        except deeds.LastAdmin:
            form.add_error(None, _last_admin(person))
        else:
            told = _("%(person)s cannot sign in any more, and their tokens are as you chose.")
            return _told(request, person, told)
    return _decision(request, person, form)


@require_http_methods(["GET", "HEAD", "POST"])
@recently_authenticated
def settle(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """Decides about the tokens of somebody who has left."""
    person = _person(request, public_id)
    permissions.check(permissions.may_change_people(request.user, person.company))
    if person.is_active:
        return _told(request, person, _("%(person)s has been reactivated."))
    form = _tokens_form(request, person)
    if form.is_valid():
        deeds.settle(person, by=request.user, heir_of=form.heir_of)
        return _told(request, person, _("The tokens of %(person)s are as you chose."))
    return _decision(request, person, form)


def _told(request: PersonRequest, person: User, told: str) -> HttpResponse:
    messages.success(request, told % {"person": person})
    return redirect(person)


def _tokens_form(request: PersonRequest, person: User) -> TokensForm:
    tokens = person.requested_tokens.live().with_newest_uses().last_used_first()[:DECIDED_AT_ONCE]
    return TokensForm(posted(request), heirs=_heirs(person, first=request.user), tokens=tokens)


def _decision(request: PersonRequest, person: User, form: TokensForm) -> HttpResponse:
    tokens = person.requested_tokens.live()
    context = {
        "person": person,
        "form": form,
        "tokens": [(token, form[token.username]) for token in form.tokens],
        "others": tokens.count() - len(form.tokens),
        "bound": grants.bound_seconds(can_push=tokens.filter(can_push=True).exists()),
    }
    return render(request, "people/settle.html", context, status=422 if form.errors else 200)


def _heirs(person: User, *, first: User) -> list[User]:
    """Who may have the person's tokens; nobody but themselves where nobody is left who may."""
    active = person.company.people.filter(is_active=True).exclude(pk=person.pk).order_by("name")
    heirs = [colleague for colleague in active if permissions.may_request_tokens(colleague)]
    heirs.sort(key=lambda heir: (heir != first, heir.role != Role.ADMIN))
    return heirs or [person]


@require_POST
@recently_authenticated
def reactivate(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """Lets a person sign in again."""
    person = deeds.reactivate(_person(request, public_id), by=request.user)
    return _told(request, person, _("%(person)s can sign in again."))


def _last_admin(person: User) -> str:
    return _("Nobody else administers %(company)s. Make somebody else an administrator first.") % {
        "company": person.company
    }


def _person(request: PersonRequest, public_id: UUID) -> User:
    """The person if the reader may see them; 404 as for one who does not exist."""
    visible = User.objects.visible_to(request.user).select_related("company")
    return get_object_or_404(visible, public_id=public_id)
