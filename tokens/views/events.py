"""The audit trail: a page of sentences, and exports of exactly what is filtered."""

import json
from collections.abc import Iterator

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from tokens.actions import events as deeds
from tokens.forms.events import AuditForm
from tokens.models import Company, Event, Sighting
from tokens.models.events import EventQuerySet
from tokens.pages import Page
from tokens.views.downloads import csv_lines, download
from tokens.views.request import PersonRequest

AT_ONCE = 1000  # events that an export reads at a time
COLUMNS = [
    *("sequence", "at", "action", "actor_kind", "actor_id", "actor_name"),
    *("object_kind", "object_id", "object_name", "address", "request_id", "details"),
    *("company", "previous", "hash"),
]


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """The company's events, newest first; the next page goes on before the last one's sequence."""
    form = AuditForm(request.GET, company=request.user.company)
    trail = Event.objects.of(request.user.company)
    found = form.chosen(trail)
    before = request.GET.get("before", "")
    is_number = before.isascii() and before.isdigit()
    mark = trail.filter(sequence=before[:18]).first() if is_number else None
    context = {
        "form": form,
        "query": request.GET,
        "page": Page(found, older=found.older_than(mark) if mark else None, key="sequence"),
        "head": trail.first(),
    }
    context |= _state_of_the_chain(request.user.company)
    return render(request, "events/index.html", context)


def _state_of_the_chain(company: Company) -> dict[str, object]:
    """When a job last verified all of it, and where it found it broken."""
    seen = Sighting.objects.filter(name="trails").first()
    broken = seen.seen["broken"].get(company.slug) if seen else None
    return {"checked_at": seen.at if seen else None, "broken_at": broken}


@require_GET
def csv_file(request: PersonRequest) -> StreamingHttpResponse:
    """What the filters select as CSV, oldest first; no cell of it is a formula."""
    return _export(request, "csv")


@require_GET
def jsonl_file(request: PersonRequest) -> StreamingHttpResponse:
    """What the filters select in JSON Lines, oldest first, ready to be verified."""
    return _export(request, "jsonl")


def _export(request: PersonRequest, form: str) -> StreamingHttpResponse:
    company = request.user.company
    filters = AuditForm(request.GET, company=company)
    chosen = filters.chosen(Event.objects.of(company))
    noted = deeds.export(by=request.user, form=form, asked=filters.asked())
    found = _oldest_first(chosen, before=noted.sequence)
    write, kind = {"csv": (_csv, "text/csv"), "jsonl": (_jsonl, "application/jsonl")}[form]
    name = f"{company.slug}-events-{noted.at:%Y-%m-%d}.{form}"
    return download(write(found), name=name, kind=kind)


def _oldest_first(found: EventQuerySet, *, before: int) -> Iterator[Event]:
    """A part at a time, so that memory stays constant and no cursor is held open."""
    last, found = 0, found.filter(sequence__lt=before).order_by("sequence")
    while part := list(found.filter(sequence__gt=last)[:AT_ONCE]):
        yield from part
        last = part[-1].sequence


def _jsonl(events: Iterator[Event]) -> Iterator[str]:
    for event in events:
        yield json.dumps(event.line(), ensure_ascii=False) + "\n"


def _csv(events: Iterator[Event]) -> Iterator[str]:
    return csv_lines(COLUMNS, map(_cells, events))


def _cells(event: Event) -> list[object]:
    sealed = event.line()
    details = json.dumps(sealed["details"], ensure_ascii=False)
    cells = vars(event) | {"at": sealed["at"], "details": details}
    return [cells[column] for column in COLUMNS]
