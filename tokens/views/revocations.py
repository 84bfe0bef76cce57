"""Revoke several tokens at once: those that were ticked, all of a person, all of a company.

Each asks first, and says of each token what it was last used for.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from tokens import credentials, grants, inventory, permissions
from tokens.actions import tokens as deeds
from tokens.forms.companies import TypedNameForm
from tokens.forms.tokens import ReasonForm
from tokens.models import Company
from tokens.models.tokens import TokenQuerySet
from tokens.pages import ROWS
from tokens.views.companies import company_of
from tokens.views.recently import recently_authenticated
from tokens.views.request import PersonRequest, posted


@require_POST
@recently_authenticated
def ticked(request: PersonRequest) -> HttpResponse:
    """Those that were ticked in the inventory, or by the vendor on a company's page."""
    slug = request.POST.get("company", "")
    if "\0" in slug:  # PostgreSQL cannot look for it
        raise Http404
    company = company_of(request, slug) if slug else request.user.company
    permissions.check(permissions.may_change_tokens(request.user, company))
    back = resolve_url(company if slug else "inventory")
    chosen = set(filter(credentials.is_username, request.POST.getlist("token")))
    if not 0 < len(chosen) <= ROWS:
        told = _("Tick the tokens that you want to revoke, at most %(most)s at once.")
        messages.warning(request, told % {"most": ROWS})
        return redirect(back)
    tokens = company.tokens.filter(username__in=chosen)
    if tokens.count() != len(chosen):
        raise Http404
    confirmed = request.POST if "confirmed" in request.POST else None
    is_needed = permissions.must_say_why(request.user, company)
    form = ReasonForm(confirmed, is_needed=is_needed)
    context = {"back": back, "chosen": sorted(chosen), "slug": slug}
    return _ask_or_revoke(request, tokens, company, form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@recently_authenticated
def of_person(request: PersonRequest, slug: str, person: UUID) -> HttpResponse:
    """All that somebody requested."""
    company = company_of(request, slug)
    permissions.check(permissions.may_manage_companies(request.user))
    requester = get_object_or_404(company.people, public_id=person)
    is_needed = permissions.must_say_why(request.user, company)
    form = ReasonForm(posted(request), is_needed=is_needed)
    tokens = company.tokens.filter(requested_by=requester)
    context = {"back": resolve_url(company), "requester": requester}
    return _ask_or_revoke(request, tokens, company, form, context)


@require_http_methods(["GET", "HEAD", "POST"])
@recently_authenticated
def of_company(request: PersonRequest, slug: str) -> HttpResponse:
    """All of a company, whose name must be typed."""
    company = company_of(request, slug)
    permissions.check(permissions.may_manage_companies(request.user))
    is_needed = permissions.must_say_why(request.user, company)
    form = TypedNameForm(posted(request), is_needed=is_needed, company=company)
    context = {"back": resolve_url(company), "is_everything": True}
    return _ask_or_revoke(request, company.tokens.all(), company, form, context)


def _ask_or_revoke(
    request: PersonRequest,
    tokens: TokenQuerySet,
    company: Company,
    form: ReasonForm,
    context: dict[str, Any],
) -> HttpResponse:
    """Revokes those that are left when that was confirmed; else says what they are used for."""
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        done = deeds.revoke_all(tokens, company=company, by=request.user, reason=reason)
        told = ngettext(
            "%(number)s token is revoked: machines that use it can no longer log in.",
            "%(number)s tokens are revoked: machines that use them can no longer log in.",
            len(done),
        )
        messages.success(request, told % {"number": number_format(len(done))})
        return redirect(context["back"])
    left = inventory.of(company, now=timezone.now()).listed().filter(pk__in=tokens.values("pk"))
    pages = Paginator(left.with_newest_uses().last_used_first(), ROWS)
    context |= {
        "company": company,
        "form": form,
        "query": request.GET,
        "page": pages.get_page(request.GET.get("page")),
        "bound": grants.bound_seconds(can_push=left.filter(can_push=True).exists()),
    }
    status = 422 if form.errors else 200
    return render(request, "tokens/revoke_several.html", context, status=status)
