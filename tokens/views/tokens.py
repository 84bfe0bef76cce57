"""List, request, show, describe and revoke tokens: one view for the page and its fragment."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import reswap, retarget, trigger_client_event

from tokens import grants, instructions, permissions
from tokens.actions import tokens as deeds
from tokens.forms.tokens import DescriptionForm, ListForm, ReasonForm, RequestForm
from tokens.models import Event, Token
from tokens.pages import Page
from tokens.views import activity
from tokens.views.recently import operators_recently_authenticated
from tokens.views.request import PersonRequest, posted, visible_token


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """The company's tokens, newest first, 50 a page."""
    is_fragment = request.htmx and not request.htmx.history_restore_request
    template = f"tokens/{'_list' if is_fragment else 'index'}.html"
    response = render(request, template, _list(request, request.GET))
    response.headers["Vary"] = "HX-Request"
    return response


def _list(request: PersonRequest, query: QueryDict) -> dict[str, Any]:
    """What the list shows for a query such as ``q=cluster&status=revoked&before=acme-7f3k9q2m``."""
    form = ListForm(query, company=request.user.company)
    form.is_valid()
    chosen = form.cleaned_data
    company = request.user.company
    found = Token.objects.of(company).chosen(chosen.get("status", ""))
    found = found.matching(chosen.get("q", ""), people=company.people.all())
    found = found.with_last_used_at().select_related("requested_by", "revoked_by")
    if chosen.get("person"):
        found = found.filter(requested_by=chosen["person"])
    older = found.older_than(query.get("before", ""), of=company)
    page = Page(found, older=older, key="username")
    is_filtered = any(chosen.values())
    return {
        "form": form,
        "query": query,
        "page": page,
        "status": chosen.get("status", ""),
        "is_filtered": is_filtered,
        "is_first_token": not is_filtered and page.count == 1 and not page.rows[0].last_used_at,
        "may_request": permissions.may_request_tokens(request.user),
    }


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def request_token(request: PersonRequest) -> HttpResponse:
    """The form; and the one page that answers a POST without redirecting: it holds the secret."""
    permissions.check(permissions.may_request_tokens(request.user))
    may_push = permissions.may_request_pushing_tokens(request.user)
    form = RequestForm(posted(request), may_push=may_push)
    if request.method != "POST":
        return _request_form(request, form)
    if not form.is_valid():
        return _request_form(request, form, status=422)
    try:
        requested = deeds.request(by=request.user, **form.cleaned_data)
    except deeds.AlreadyRequested as earlier:
        return _page_or_fragment(request, "already_requested", {"token": earlier.token})
    response = _page_or_fragment(request, "secret", _secret_context(requested))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _request_form(request: PersonRequest, form: RequestForm, status: int = 200) -> HttpResponse:
    company = request.user.company
    context = {"form": form, "patterns": company.pulls(), "pushes": company.pushes()}
    return _page_or_fragment(request, "request", context, status=status)


def _secret_context(requested: deeds.Requested) -> dict[str, Any]:
    token, secret = requested
    return {
        "token": token,
        "secret": secret,
        "twin": Token.objects.of(token.company).twin_of(token),
        "clients": instructions.CLIENTS,
        "files": instructions.FILES,
        "values": instructions.values(
            token.company.pulls(), username=token.username, secret=secret
        ),
    }


@require_safe
def show(request: PersonRequest, username: str) -> HttpResponse:
    """One token: what it may pull, where it was used, and what was done with it."""
    token = visible_token(request, username)
    if request.htmx.target == _row_id(token):
        return _row(request, token)
    context = (
        _facts(request, token)
        | activity.of(token)
        | {
            "form": _reason_form(request, token),
            "patterns": token.company.pulls(),
            "pushes": token.company.pushes() if token.can_push else [],
            "events": Event.objects.about(token)[: activity.SHOWN],
        }
    )
    return render(request, "tokens/show.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@operators_recently_authenticated
def describe(request: PersonRequest, username: str) -> HttpResponse:
    """Changes the description, in the row of the list or on a page of its own."""
    token = visible_token(request, username)
    permissions.check(permissions.may_change_token(request.user, token))
    if token.revoked_at:
        return _already_revoked(request, token)
    form = DescriptionForm(request.POST or None, initial={"description": token.description})
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "token": token}
        status = 422 if form.errors else 200
        return _page_or_fragment(request, "describe", context, status=status)
    try:
        token = deeds.describe(token, by=request.user, description=form.cleaned_data["description"])
    except deeds.AlreadyRevoked as earlier:
        return _already_revoked(request, earlier.token)
    told = _("The description is now “%(description)s”.") % {"description": token.description}
    if request.htmx:
        return _row(request, token, told=told)
    messages.success(request, told)
    return redirect(token)


@require_http_methods(["GET", "HEAD", "POST"])
@operators_recently_authenticated
def revoke(request: PersonRequest, username: str) -> HttpResponse:
    """Says what will happen, and does it when confirmed."""
    token = visible_token(request, username)
    permissions.check(permissions.may_change_token(request.user, token))
    if token.revoked_at:
        return _already_revoked(request, token)
    form = _reason_form(request, token)
    if not form.is_valid():
        return _question(request, token, form)
    try:
        token = deeds.revoke(token, by=request.user, reason=form.cleaned_data["reason"])
    except deeds.AlreadyRevoked as earlier:
        return _already_revoked(request, earlier.token)
    told = _("“%(description)s” is revoked: machines that use it can no longer log in.")
    told %= {"description": token.description}
    return _gone(request, token, told, messages.SUCCESS)


def _question(request: PersonRequest, token: Token, form: ReasonForm) -> HttpResponse:
    """The dialog, which takes its own place again where something is missing; or the page."""
    context = _facts(request, token) | {"form": form}
    status = 422 if form.errors else 200
    response = _page_or_fragment(request, "revoke", context, status=status)
    return retarget(response, f"#revoke-{token.username}") if form.errors else response


def _reason_form(request: PersonRequest, token: Token) -> ReasonForm:
    """Whoever is no colleague must give a reason; as it is served the form names whom to ask."""
    is_needed = permissions.must_say_why(request.user, token.company)
    ask = _("Ask %(vendor)s for the reason") % {"vendor": request.user.company.name}
    initial = {"reason": ask if is_needed else ""}
    return ReasonForm(posted(request), is_needed=is_needed, initial=initial)


@require_http_methods(["GET", "HEAD", "POST"])
@operators_recently_authenticated
def suspend(request: PersonRequest, username: str) -> HttpResponse:
    """Says what will happen, and does it when confirmed."""
    token = visible_token(request, username)
    permissions.check(permissions.may_manage_companies(request.user))
    if token.revoked_at:
        return _already_revoked(request, token)
    is_needed = permissions.must_say_why(request.user, token.company)
    form = ReasonForm(posted(request), is_needed=is_needed)
    if not form.is_valid():
        context = _facts(request, token) | {"form": form}
        return render(request, "tokens/suspend.html", context, status=422 if form.errors else 200)
    told = _("“%(description)s” is suspended: machines that use it cannot log in until it resumes.")
    try:
        token = deeds.suspend(token, by=request.user, reason=form.cleaned_data["reason"])
    except deeds.AlreadyRevoked as earlier:
        return _already_revoked(request, earlier.token)
    messages.success(request, told % {"description": token.description})
    return redirect(token)


@require_POST
@operators_recently_authenticated
def resume(request: PersonRequest, username: str) -> HttpResponse:
    """Lets a suspended token work again."""
    try:
        token = deeds.resume(visible_token(request, username), by=request.user)
    except deeds.AlreadyRevoked as earlier:
        return _already_revoked(request, earlier.token)
    told = _("“%(description)s” is resumed: machines that use it can log in again.")
    messages.success(request, told % {"description": token.description})
    return redirect(token)


def _already_revoked(request: PersonRequest, token: Token) -> HttpResponse:
    told = _("%(person)s revoked “%(description)s” on %(time)s already.") % {
        "person": token.revoked_by or _("The vendor"),
        "description": token.description,
        "time": date_format(localtime(token.revoked_at), "DATETIME_FORMAT"),
    }
    return _gone(request, token, told, messages.WARNING)


def _gone(request: PersonRequest, token: Token, told: str, level: int) -> HttpResponse:
    """Says why, above the list without the token: the one that the browser shows, for htmx."""
    if not request.htmx:
        messages.add_message(request, level, told)
        is_ours = token.company_id == request.user.company_id
        return redirect("tokens" if is_ours else token.company)
    _page, _, query = (request.htmx.current_url or "").partition("?")
    context = _list(request, QueryDict(query.partition("#")[0])) | {"told": told}
    response = render(request, "tokens/_list.html", context)
    response = reswap(retarget(response, "#token-list"), "outerHTML")
    return trigger_client_event(response, "focusOn", {"value": "#tokens-heading"}, after="settle")


def _facts(request: PersonRequest, token: Token) -> dict[str, Any]:
    """What the page of a token and the question before its revocation both say."""
    return {
        "token": token,
        "may_change": permissions.may_change_token(request.user, token),
        "addresses": token.uses.addresses(),
        "bound": grants.bound_seconds(can_push=token.can_push),
        "may_suspend": permissions.may_manage_companies(request.user),
    }


def _row(request: PersonRequest, token: Token, told: str = "") -> HttpResponse:
    may_request = permissions.may_request_tokens(request.user)
    context = {"tokens": [token], "told": told, "may_request": may_request}
    response = render(request, "tokens/_row.html", context)
    button = f"#{_row_id(token)} [data-edit]"
    return trigger_client_event(response, "focusOn", {"value": button}, after="settle")


def _row_id(token: Token) -> str:
    return f"token-{token.username}"


def _page_or_fragment(
    request: PersonRequest, name: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The fragment ``_name.html`` for htmx, else the page ``name.html`` that includes it."""
    template = f"tokens/_{name}.html" if request.htmx else f"tokens/{name}.html"
    return render(request, template, context, status=status)
