"""The inventory: every token of the company, with what an auditor asks of it."""

from collections.abc import Iterator
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from tokens import inventory, permissions
from tokens.actions import events as deeds
from tokens.actions import reviews
from tokens.models import Token
from tokens.pages import Page
from tokens.views.downloads import csv_lines, download
from tokens.views.request import PersonRequest

COLUMNS = [
    *("username", "description", "status", "requested_by", "requester_works_here"),
    *(
        "requested_at",
        "handed_over_at",
        "age_days",
        "last_used_at",
        "last_used_address",
        "addresses",
    ),
    *("pulls_in_30_days", "revoked_at", "flags"),
]


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """50 tokens a page, newest first."""
    found = inventory.of(request.user.company, now=timezone.now()).with_last_used_at()
    older = found.older_than(request.GET.get("before", ""), of=request.user.company)
    page = Page(found, older=older, key="username")
    rows = [(token, inventory.flags(token)) for token in page.rows]
    context = {
        "page": page,
        "rows": rows,
        "query": request.GET,
        "review": request.user.company.reviews.select_related("by").order_by("-at").first(),
        "may_review": permissions.may_review(request.user),
        "may_revoke": permissions.may_change_tokens(request.user, request.user.company),
    }
    return render(request, "events/inventory.html", context)


@require_POST
def review(request: PersonRequest) -> HttpResponse:
    """Records that the person looked through the list."""
    done = reviews.review(by=request.user)
    told = _("Your review of %(tokens)s tokens is recorded.") % {
        "tokens": number_format(done.tokens)
    }
    messages.success(request, told)
    return redirect("inventory")


@require_GET
def csv_file(request: PersonRequest) -> StreamingHttpResponse:
    """All of it as CSV, for an auditor's file."""
    now, company = timezone.now(), request.user.company
    deeds.export_inventory(by=request.user)
    tokens = inventory.of(company, now=now).with_newest_uses().iterator(chunk_size=1000)
    lines = csv_lines(COLUMNS, (_cells(token, now) for token in tokens))
    return download(lines, name=f"{company.slug}-tokens-{now:%Y-%m-%d}.csv", kind="text/csv")


def _cells(token: Token, now: datetime) -> Iterator[object]:
    yield from (token.username, token.description, token.status.value)
    yield from (token.requested_by.name, "yes" if token.requested_by.is_active else "no")
    yield from (_iso(token.requested_at), _iso(token.handed_over_at))
    yield (now - token.requested_at).days
    used = token.last_use
    yield from (_iso(token.last_used_at), used.known_address if used else "")
    yield from (token.addresses, token.pulls_lately)  # type: ignore[attr-defined]
    yield from (_iso(token.revoked_at), " ".join(inventory.flags(token)))


def _iso(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""
