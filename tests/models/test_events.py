"""Can the trail only grow, and can each company's be proved on its own?"""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils.html import escape

from tests.factories import Cast, make_company, request_token
from tests.facts import everything, proof
from tokens import trail
from tokens.actions import tokens as deeds
from tokens.models import CONSOLE, Event
from tokens.models.events import Action

EDITS = {
    "an update": "UPDATE tokens_event SET actor_name = 'nobody' WHERE sequence = 1",
    "an update that changes nothing": "UPDATE tokens_event SET sequence = sequence",
    "a deletion": "DELETE FROM tokens_event WHERE sequence = 1",
    "a deletion of everything": "DELETE FROM tokens_event",
}
EDITS_OF = {
    "postgresql": {
        "a truncation": "TRUNCATE tokens_event",
        "an insertion that updates": """
            INSERT INTO tokens_event SELECT * FROM tokens_event LIMIT 1
            ON CONFLICT (id) DO UPDATE SET actor_name = 'nobody'
        """,
    },
    "sqlite": {
        "a replacement of a row": """
            INSERT OR REPLACE INTO tokens_event
            (id, company, sequence, at, actor_kind, actor_id, actor_name, action, object_kind,
             object_id, object_name, address, request_id, details, previous, hash)
            SELECT id, company, sequence, at, actor_kind, actor_id, 'nobody', action, object_kind,
             object_id, object_name, address, request_id, details, previous, hash
            FROM tokens_event WHERE sequence = 1
        """,
        "a replacement in the chain": """
            INSERT OR REPLACE INTO tokens_event
            (company, sequence, at, actor_kind, actor_id, actor_name, action, object_kind,
             object_id, object_name, address, request_id, details, previous, hash)
            SELECT company, sequence, at, actor_kind, actor_id, 'nobody', action, object_kind,
             object_id, object_name, address, request_id, details, previous, hash
            FROM tokens_event WHERE sequence = 1
        """,
        "an insertion that updates": """
            INSERT INTO tokens_event SELECT * FROM tokens_event WHERE true LIMIT 1
            ON CONFLICT (id) DO UPDATE SET actor_name = 'nobody'
        """,
    },
}
TRIED = EDITS | EDITS_OF[connection.vendor]


@pytest.mark.parametrize("edit", TRIED.values(), ids=TRIED.keys())
def test_the_database_refuses_to_change_what_was_written(edit: str, cast: Cast) -> None:
    assert cast.acme
    before = everything()

    with connection.cursor() as cursor, pytest.raises(DatabaseError), transaction.atomic():
        cursor.execute(edit)

    assert everything() == before


def test_an_event_is_neither_saved_again_nor_deleted(cast: Cast) -> None:
    assert cast.acme
    event = Event.objects.get()
    event.actor_name = "nobody"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.delete()


def test_two_events_of_a_company_never_have_one_place(cast: Cast) -> None:
    assert cast.acme
    event = Event.objects.get()
    event.pk = None
    with pytest.raises(DatabaseError), transaction.atomic():
        event.save(force_insert=True)


def test_each_event_follows_from_the_one_before_it(cast: Cast) -> None:
    deeds.revoke(request_token(cast.bram).token, by=cast.bram)
    events = list(Event.objects.order_by("sequence"))
    assert [event.sequence for event in events] == list(range(1, len(events) + 1))
    assert events[0].previous == trail.GENESIS
    assert [event.previous for event in events[1:]] == [event.hash for event in events[:-1]]


def test_every_company_has_a_chain_of_its_own(cast: Cast) -> None:
    request_token(cast.bram)
    request_token(cast.farid)
    request_token(cast.bram)
    chains = proof().chains
    assert chains.keys() == {"acme", "globex"}
    assert all(chain.first == 1 for chain in chains.values())


def test_an_event_read_back_has_the_seal_it_was_written_with(cast: Cast) -> None:
    token = request_token(cast.bram, "Größe “99”, 日本語 🚢 \\ \" '").token
    deeds.describe(token, by=cast.bram, description="x" * 200)
    for event in Event.objects.all():
        assert trail.seal(event.previous, event.facts()) == event.hash


def test_an_event_outlives_the_names_it_was_written_with(cast: Cast) -> None:
    token = request_token(cast.bram).token
    cast.bram.name = "Bram Jansen"
    cast.bram.save()
    assert Event.objects.about(token).get().actor_name == "Bram de Wit"
    assert proof().is_whole


def test_events_about_an_object_come_newest_first(cast: Cast) -> None:
    token, other = request_token(cast.bram).token, request_token(cast.bram).token
    deeds.describe(token, by=cast.bram, description="Test machine")
    deeds.revoke(other, by=cast.bram)
    assert [event.action for event in Event.objects.about(token)] == [
        Action.TOKEN_DESCRIBED,
        Action.TOKEN_REQUESTED,
    ]


def test_a_line_carries_everything_and_the_chain(cast: Cast) -> None:
    token = request_token(cast.bram, "Build server").token
    line = Event.objects.about(token).get().line()
    assert line["actor"] == {
        "kind": "person",
        "id": str(cast.bram.public_id),
        "name": "Bram de Wit",
    }
    assert line["object"] == {"kind": "token", "id": token.username, "name": "Build server"}
    assert line.keys() == {
        *("company", "sequence", "at", "actor", "action", "object"),
        *("address", "request_id", "details", "previous", "hash"),
    }


@pytest.mark.parametrize("action", Action)
def test_every_action_is_a_sentence_in_which_names_are_only_text(action: Action) -> None:
    hostile = "<script>{object}%s</script>"
    sentence = Event(action=action, actor_name=hostile, object_name=hostile).sentence
    assert "<script>" not in sentence
    assert f"<bdi><strong>{escape(hostile)}</strong></bdi>" in sentence


def test_an_event_that_has_no_canonical_form_is_not_written(cast: Cast) -> None:
    assert cast.acme
    before = everything()
    with pytest.raises(trail.NotCanonical), transaction.atomic():
        Event.objects.record(
            Action.COMPANY_ADDED,
            company=cast.acme,
            by=CONSOLE,
            on=cast.acme,
            details={"ratio": 0.5},
        )
    assert everything() == before


def test_a_company_begins_its_chain_with_its_own_arrival(db: None) -> None:
    company = make_company("initech")
    assert Event.objects.about(company).get().action == Action.COMPANY_ADDED
