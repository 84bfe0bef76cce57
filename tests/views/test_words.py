"""Do people read every page in their language? Every door is opened, whatever comes of it."""

import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import models
from django.http import HttpResponse
from django.utils import timezone

from tests.factories import Cast, make_person, request_token
from tests.languages import marked, unmarked
from tests.views.test_matrix import DOORS, House
from tokens.actions import reviews
from tokens.actions import tokens as deeds
from tokens.actions.people import deactivate
from tokens.instructions import CLIENTS
from tokens.models import CONSOLE, KEPT, Event, Message, Pull, Refusal, Token, Use
from tokens.models.events import Action
from tokens.models.messages import Kind
from tokens.models.refusals import Attempt
from tokens.models.standing import Reason
from tokens.models.uses import Place
from tokens.registry.notifications import Pulled

__all__ = ["marked"]

FOR_PEOPLE = [door for door, urlconf in DOORS.items() if urlconf == "portal.urls"]
HTMX = {"HX-Request": "true"}
# By whom, how, whether what is asked for is filled in, and as what.
KNOCKS: list[tuple[str | None, str, bool, dict[str, str]]] = [
    (None, "GET", False, {}),
    *(("bram", method, False, more) for method in ("GET", "POST") for more in ({}, HTMX)),
    ("bram", "POST", True, HTMX),
    ("dirk", "GET", False, {}),
    *(("ana", method, True, {}) for method in ("GET", "POST")),
    *(("vera", method, False, {}) for method in ("GET", "POST")),
    ("vera", "POST", True, {}),
]
# Names of things, which are the same in every language.
NAMES = {
    *(settings.PORTAL_BRAND, "CET", "CEST", "UTC", "CSV", "JSON", "Docker", "Kubernetes", "Swarm"),
    *("English", "Nederlands"),
    *(client.name for client in CLIENTS),
}
RAW = {"action", "actor_kind", "object_kind", "kind"}  # of events: never shown as they are
DATA = re.compile(r"[\w.+-]+@[\w.-]+|https?://\S+|[\w.-]+\.example(?::\d+)?|\w+(?:/[\w*-]+)+")


@pytest.fixture
def house(cast: Cast) -> House:
    """Acme, with everything that a page can have to show."""
    house = House(cast)
    token = request_token(cast.bram, "Node").token
    now = timezone.now()
    Use.record(Place(token.pk, "203.0.113.7", "docker"), at=now)
    Pull.record(Pulled("1", token.username, "public/universal", "latest"), at=now)
    for reason in Reason:
        Refusal.record(Attempt(token.pk, reason, "203.0.113.7", "public/other"), at=now)
    for notes in KEPT:
        notes.write_everything()
    deeds.revoke(request_token(cast.bram).token, by=cast.ana, reason="Lost")
    deeds.suspend(request_token(cast.bram).token, by=CONSOLE, reason="Looked into")
    Token.objects.filter(pk=request_token(cast.bram).token.pk).update(expires_at=now)
    leaver = make_person("Lars Bos", cast.acme)
    deeds.hand_over(request_token(leaver).token, to=cast.ana, by=cast.ana)
    request_token(leaver)
    deactivate(leaver, by=CONSOLE)
    reviews.review(by=cast.ana)
    for kind in Kind:
        Message.objects.put(kind, cast.ana, about={"event": 1})
    details = {"before": "member", "after": "auditor", "pattern": "public/*"}
    for action in Action:
        Event.objects.record(action, company=cast.acme, by=cast.ana, on=cast.bram, details=details)
    return house


def answers_of(house: House, door: str) -> Iterator[tuple[str, HttpResponse]]:
    """What a door answers to whoever comes, and whether or not they fill in what it asks for."""
    for who, method, is_filled_in, more in KNOCKS:
        cache.clear()
        headers = {"Accept-Language": "nl"} | more
        answer = house.answer(door, method, who, is_filled_in=is_filled_in, headers=headers)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            yield f"{method} {door} as {who}", answer


def shown_data() -> set[str]:
    """All that people or machines have written, in whatever row it stands."""
    found = set()
    for model in apps.get_app_config("tokens").get_models():
        for field in model._meta.get_fields():
            is_text = isinstance(field, models.CharField) and not field.choices
            if is_text and field.name not in RAW:
                found |= set(model._default_manager.values_list(field.name, flat=True))
    return {value for value in found if value}


def forgotten(seen: dict[str, str]) -> dict[str, str]:
    """Those texts that say something beside what is data."""
    data = sorted(NAMES | shown_data(), key=len, reverse=True)
    written = re.compile("|".join(map(re.escape, data)))
    left = {written.sub("", DATA.sub("", text)): who for text, who in seen.items()}
    return {text: who for text, who in left.items() if re.search(r"[^\W\d_]{2}", text)}


@pytest.mark.parametrize("door", FOR_PEOPLE)
def test_no_text_was_forgotten(door: str, house: House, marked: None) -> None:
    seen: dict[str, str] = {}
    for who, page in answers_of(house, door):
        seen |= dict.fromkeys(unmarked(page), who)
        assert page.headers["Content-Language"] == "nl"
        assert b'data-label=""' not in page.content, who
    assert not forgotten(seen), forgotten(seen)
