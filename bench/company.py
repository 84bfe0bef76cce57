"""What does a company have? ``fill`` makes it, quickly, in an empty database.

The deeds would take an hour for the events of a large one.
"""

import json
import random
import re
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from bench.data import settle
from tokens import credentials, trail
from tokens.models import Company, Event, Pull, Token, Use, User
from tokens.models.accounts import Party, Role
from tokens.models.events import Action

PEOPLE = 10
AT_ONCE = 10_000
WORDS = ("production", "acceptance", "test", "build", "cluster", "node", "pool", "runner", "dublin")
RARE = "lighthouse"  # in the description of one token of each company
KINDS = (Action.TOKEN_DESCRIBED, Action.TOKEN_REQUESTED, Action.TOKEN_REVOKED)
RARE_KIND = Action.INVENTORY_REVIEWED  # of one event of each company
ADDRESSES = [f"203.0.113.{number}" for number in range(1, 51)]
EVERY = timedelta(seconds=20)  # between two tokens, or two events


def fill(sizes: dict[str, tuple[int, int]], folder: str) -> None:
    """Makes companies by slug with so many tokens and events each.

    For each it writes a file, named by its slug: the session of an admin, and what to ask for in
    the middle of what it has.
    """
    call_command("migrate", verbosity=0)
    call_command("create_ca")
    call_command("collectstatic", verbosity=0, interactive=False)
    for slug, (tokens, events) in sizes.items():
        company = Company.objects.create(slug=slug, name=slug.title())
        people = _people(company)
        usernames = _tokens(company, people, tokens)
        _events(company, people, usernames, events)
        facts = {
            "session": _session(people[0]),
            "token": usernames[tokens // 2],
            "person": str(people[PEOPLE // 2].public_id),
            "event": events // 2,
            "day": str((timezone.now() - events // 2 * EVERY).date()),
            "word": RARE,
            "kind": RARE_KIND,
        }
        (Path(folder) / slug).write_text(json.dumps(facts))
    settle()


def take_home(slug: str) -> None:
    """Exports the company's whole trail as its admin does, verifies it, and says what that took."""
    person = User.objects.filter(company__slug=slug).first()
    assert person, "nobody can take it home"
    visitor = Client(headers={"host": "127.0.0.1"})
    visitor.force_login(person)
    begun, peak = time.perf_counter(), 0
    with tempfile.NamedTemporaryFile("wb") as file:
        for number, part in enumerate(visitor.get("/audit/events.jsonl").streaming_content):
            file.write(part)
            if number % AT_ONCE == 0:
                peak = max(peak, _megabytes())
        file.flush()
        exported = time.perf_counter()
        proof = trail.verify_file(Path(file.name))
    print(
        f"exported in {exported - begun:.1f} s, verified in {time.perf_counter() - exported:.1f} s"
        f" ({proof.events:,} events), at most {peak} MB of memory"
    )


def _megabytes() -> int:
    """The memory of this process, without the pages of the database that it shares."""
    found = re.search(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) // 1024 if found else 0


def _session(person: User) -> str:
    visitor = Client()
    visitor.force_login(person)
    return visitor.cookies[settings.SESSION_COOKIE_NAME].value


def _people(company: Company) -> list[User]:
    return User.objects.bulk_create(
        User(
            email=f"person-{number}@{company.slug}.example",
            name=f"Person {number}",
            company=company,
            role=Role.ADMIN,
        )
        for number in range(PEOPLE)
    )


def _tokens(company: Company, people: list[User], count: int) -> list[str]:
    """Every tenth is revoked, every ninth was never used; the others were, from two addresses."""
    now, usernames = timezone.now(), []
    newest = now - timedelta(days=31)
    for start in range(0, count, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, count))
        tokens = Token.objects.bulk_create(
            Token(
                company=company,
                username=credentials.mint_username(company.slug),
                description=_description(number, count),
                requested_by=people[number % PEOPLE],
                requested_at=newest - (count - number) * EVERY,
                request_nonce=f"nonce-{number}",
                revoked_at=now if number % 10 == 0 else None,
                revoked_by=people[0] if number % 10 == 0 else None,
            )
            for number in numbers
        )
        used = [token for number, token in zip(numbers, tokens, strict=True) if number % 9]
        Use.objects.bulk_create(
            Use(token=token, address=address, client="docker", first_at=now, last_at=now, count=9)
            for token in used
            for address in ADDRESSES[:2]
        )
        Pull.objects.bulk_create(
            Pull(token=token, repository="public/app", day=now.date(), last_at=now, count=3)
            for token in used
        )
        usernames += [token.username for token in tokens]
    return usernames


def _description(number: int, count: int) -> str:
    if number == count // 3:
        return f"The {RARE}"
    return f"{' '.join(random.sample(WORDS, 3)).capitalize()} {number}"


def _events(company: Company, people: list[User], usernames: list[str], count: int) -> None:
    chain = _chain(company, people, usernames, count)
    while part := list(islice(chain, AT_ONCE)):
        Event.objects.bulk_create(part)


def _chain(
    company: Company, people: list[User], usernames: list[str], count: int
) -> Iterator[Event]:
    begun, previous = timezone.now() - count * EVERY, trail.GENESIS
    for number in range(count):
        username = usernames[number % len(usernames)]
        event = Event(
            company=company.slug,
            sequence=number + 1,
            at=begun + number * EVERY,
            action=RARE_KIND if number == count // 3 else KINDS[number % len(KINDS)],
            address=ADDRESSES[number % len(ADDRESSES)],
            request_id=f"{number:032x}",
            previous=previous,
        )
        event.actor_kind, event.actor_id, event.actor_name = people[number % PEOPLE].party
        event.object_kind, event.object_id, event.object_name = Party("token", username, "A node")
        previous = event.hash = trail.seal(previous, event.facts())
        yield event
