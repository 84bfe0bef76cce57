"""Does a database that is restored from before a revocation learn of it, once, and no more?"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import DatabaseError, transaction

from tests.actions.test_deeds import no_more_events
from tests.factories import Cast, make_person, request_token
from tests.facts import everything, proof
from tests.switches import KINDS, Switch, fresh
from tokens import journal, trail
from tokens.actions import companies, people, tokens
from tokens.actions.journal import Replayed
from tokens.management import replaying
from tokens.models import CONSOLE, Actor, Event, Message, Token
from tokens.models.accounts import Role
from tokens.models.events import TAKEN, Action

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def lost(journal_folder: Path) -> Callable[[Callable[[], object]], None]:
    """Does something in a database that is lost afterwards; the journal has it."""

    def do(deed: Callable[[], object]) -> None:
        with transaction.atomic():
            deed()
            transaction.set_rollback(True)
        journal.confirm(journal_folder, [e.hash for e in journal.read(journal_folder).begun])

    return do


Lost = Callable[[Callable[[], object]], None]


def replay() -> Replayed:
    return replaying.replay()[0]


def done() -> dict[str, int]:
    """Replays, and says what was done."""
    return {str(action): times for action, times in replay().done.items() if times}


def test_a_revoked_token_is_revoked_again_by_whom_when_and_why_it_was(
    cast: Cast, lost: Lost
) -> None:
    token, chloe = request_token(cast.bram).token, cast.chloe
    with time_machine.travel(NOON, tick=False):
        lost(lambda: tokens.revoke(token, by=chloe, reason="It leaked"))
    assert fresh(token).is_live
    assert done() == {"token.revoked": 1}
    again = fresh(token)
    assert (again.revoked_at, again.revoked_by) == (NOON, cast.chloe)
    assert again.revoked_reason == "It leaked"
    event = Event.objects.about(token)[0]
    assert (event.action, event.actor_kind) == (Action.TOKEN_REVOKED, "journal")
    assert event.details == {
        "done_at": "2026-05-04T12:00:00.000000Z",
        "done_by": "Chloé Martin",
        "reason": "It leaked",
    }
    assert proof().is_whole


@pytest.mark.parametrize("by", ["console", "unknown"])
def test_a_token_that_nobody_here_has_revoked_is_revoked_all_the_same(
    cast: Cast, lost: Lost, by: str
) -> None:
    token = request_token(cast.bram).token

    def revoke() -> None:
        actor: Actor = make_person("Ida Prins", cast.acme) if by == "unknown" else CONSOLE
        tokens.revoke(token, by=actor)

    lost(revoke)
    assert done() == {"token.revoked": 1}
    assert fresh(token).revoked_by is None


def test_several_and_all_of_a_person_or_company_are(cast: Cast, lost: Lost) -> None:
    ours = [request_token(person).token for person in (cast.ana, cast.bram, cast.chloe)]
    theirs = [request_token(cast.farid).token for _ in range(2)]

    def revoke() -> None:
        bram = Token.objects.filter(requested_by=cast.bram)
        tokens.revoke_all(bram, company=cast.acme, by=cast.ana)
        every = Token.objects.all()
        tokens.revoke_all(every, company=cast.acme, by=cast.vera, reason="It leaked")

    assert cast.vera
    lost(revoke)
    replayed = replay()
    assert replayed.done[Action.TOKEN_REVOKED] == 3
    assert not replayed.forged
    assert not any(fresh(token).is_live for token in ours)
    assert all(fresh(token).is_live for token in theirs)
    assert proof().is_whole


def test_replayed_once_more_nothing_happens(cast: Cast, lost: Lost) -> None:
    token = request_token(cast.bram).token
    lost(lambda: tokens.revoke(token, by=cast.bram))
    lost(lambda: people.deactivate(cast.chloe, by=cast.ana))
    lost(lambda: tokens.suspend(request_token(cast.bram).token, by=CONSOLE))
    assert done()
    before = everything()
    for _ in range(3):
        assert not done()
    assert everything() == before


def test_nobody_is_told_by_mail_again(cast: Cast, lost: Lost) -> None:
    token = request_token(cast.bram).token
    lost(lambda: tokens.revoke(token, by=cast.chloe))
    before = Message.objects.count()
    assert done()
    assert Message.objects.count() == before


def test_a_token_that_is_not_here_is_told_and_nothing_else(cast: Cast, lost: Lost) -> None:
    names = []

    def request_and_revoke() -> None:
        token = request_token(cast.bram).token
        tokens.suspend(token, by=CONSOLE)
        tokens.revoke(token, by=cast.bram)
        names.append(token.username)

    lost(request_and_revoke)
    before = everything()
    replayed = replay()
    assert replayed.unknown == set(names)
    assert not +replayed.done
    assert everything() == before


def test_a_company_and_people_that_are_not_here_are_nothing(cast: Cast, lost: Lost) -> None:
    def add_and_suspend() -> None:
        company = companies.add_company("initech", name="Initech", by=CONSOLE)
        person = make_person("Ida Prins", company, Role.ADMIN)
        make_person("Jan Prins", company, Role.ADMIN)
        people.deactivate(person, by=CONSOLE)
        companies.suspend(company, by=CONSOLE)

    lost(add_and_suspend)
    before = everything()
    assert not done()
    assert everything() == before


@pytest.fixture(params=KINDS)
def switch(request: pytest.FixtureRequest, cast: Cast) -> Switch:
    return Switch(cast, request.param)


class TestWhatCanBeGivenBack:
    def test_is_taken_again(self, switch: Switch, lost: Lost) -> None:
        lost(switch.take)
        assert not switch.is_taken
        assert sum(done().values()) == 1
        assert switch.is_taken
        event = Event.objects.latest("pk")
        assert (event.actor_kind, event.details["done_by"]) == ("journal", "console")
        assert proof().is_whole

    def test_is_not_taken_again_where_it_was_given_back(self, switch: Switch, lost: Lost) -> None:
        lost(lambda: (switch.take(), switch.give()))
        assert not done()
        assert not switch.is_taken

    def test_is_taken_again_where_it_was_taken_last(self, switch: Switch, lost: Lost) -> None:
        lost(lambda: (switch.take(), switch.give(), switch.take()))
        assert sum(done().values()) == 1
        assert switch.is_taken

    def test_is_taken_again_that_was_taken_and_given_back_before(
        self, switch: Switch, lost: Lost
    ) -> None:
        switch.take()
        switch.give()
        lost(switch.take)
        assert sum(done().values()) == 1
        assert switch.is_taken

    def test_is_not_taken_again_where_it_is_taken_already(self, switch: Switch, lost: Lost) -> None:
        switch.take()
        lost(lambda: (switch.give(), switch.take()))
        before = everything()
        assert not done()
        assert everything() == before

    def test_stays_given_back_that_was_by_hand_before_the_replay(
        self, switch: Switch, lost: Lost
    ) -> None:
        switch.take()
        lost(lambda: (switch.give(), switch.take()))
        switch.give()
        assert not done()
        assert not switch.is_taken

    def test_is_taken_from_nobody_else(self, switch: Switch, cast: Cast, lost: Lost) -> None:
        others = [request_token(cast.bram).token, cast.globex, cast.chloe, cast.farid]
        before = [vars(fresh(other)) | {"_state": None} for other in others]
        lost(switch.take)
        assert sum(done().values()) == 1
        assert [vars(fresh(other)) | {"_state": None} for other in others] == before

    def test_is_not_taken_where_the_trail_cannot_be_written(
        self, switch: Switch, lost: Lost
    ) -> None:
        lost(switch.take)
        with no_more_events(), pytest.raises(DatabaseError, match="the trail is full"):
            replay()
        assert not switch.is_taken

    def test_stays_given_back_that_was_after_the_replay(self, switch: Switch, lost: Lost) -> None:
        lost(switch.take)
        assert done()
        switch.give()
        before = everything()
        assert not done()
        assert everything() == before
        assert not switch.is_taken

    def test_is_never_given_back_by_the_journal(self, switch: Switch, lost: Lost) -> None:
        switch.take()
        lost(switch.give)
        before = everything()
        assert not done()
        assert everything() == before
        assert switch.is_taken

    def test_stays_as_it_is_where_nothing_was_lost(
        self, switch: Switch, journal_folder: Path
    ) -> None:
        switch.take()
        switch.give()
        replay()  # confirms both, as on_commit does where a transaction ends
        assert not journal.read(journal_folder).begun
        before = everything()
        assert not done()
        assert everything() == before

    def test_stays_given_back_while_the_clock_stood_an_hour_earlier(self, switch: Switch) -> None:
        with time_machine.travel(NOON, tick=False):
            switch.take()
        with time_machine.travel(NOON - timedelta(hours=1), tick=False):
            switch.give()
            before = everything()
            assert not done()
        assert not done()
        assert everything() == before

    def test_given_back_after_the_replay_while_the_clock_stood_earlier_it_stays_so(
        self, switch: Switch, lost: Lost
    ) -> None:
        with time_machine.travel(NOON, tick=False):
            lost(switch.take)
        with time_machine.travel(NOON - timedelta(hours=1), tick=False):
            assert done()
            switch.give()
            assert not done()
        assert not switch.is_taken

    def test_taken_and_given_by_hand_before_anything_was_replayed_it_stays_so(
        self, switch: Switch, lost: Lost
    ) -> None:
        with time_machine.travel(NOON, tick=False):
            lost(switch.take)
        switch.take()
        switch.give()
        assert not done()
        assert not switch.is_taken


def test_the_reason_is_told_again(cast: Cast, lost: Lost) -> None:
    acme = cast.acme
    lost(lambda: companies.suspend(acme, by=CONSOLE, reason="Not paid for"))
    assert done()
    assert Event.objects.of(acme)[0].details["reason"] == "Not paid for"


def test_a_revoked_token_is_not_suspended_again(cast: Cast, lost: Lost) -> None:
    token = request_token(cast.bram).token
    lost(lambda: tokens.suspend(token, by=CONSOLE))
    tokens.revoke(token, by=cast.bram)
    assert not done()


def test_somebody_deactivated_comes_in_no_more_nor_by_an_old_session(
    cast: Cast, lost: Lost
) -> None:
    assert cast.ana
    bram = fresh(cast.bram)
    with time_machine.travel(NOON, tick=False):
        lost(lambda: people.deactivate(bram, by=cast.ana))
    assert done() == {"person.deactivated": 1}
    assert fresh(bram).deactivated_at == NOON
    assert fresh(bram).get_session_auth_hash() != bram.get_session_auth_hash()


def test_the_last_administrator_is_shut_out_too(cast: Cast, lost: Lost) -> None:
    ana = cast.ana

    def replace() -> None:
        make_person("Ida Prins", cast.acme, Role.ADMIN)
        people.deactivate(ana, by=CONSOLE)

    lost(replace)
    assert done() == {"person.deactivated": 1}
    assert not fresh(ana).is_active


def test_those_who_leave_leave_their_tokens_as_they_were_settled(cast: Cast, lost: Lost) -> None:
    kept, revoked = (request_token(cast.bram).token for _ in range(2))
    heirs = {kept.username: cast.ana, revoked.username: None}
    lost(lambda: people.deactivate(cast.bram, by=cast.ana, heir_of=lambda t: heirs[t.username]))
    assert done() == {"token.revoked": 1, "person.deactivated": 1}
    assert fresh(kept).is_live
    assert fresh(revoked).revoked_reason == "Bram de Wit has left"


class TestWhatWasBegun:
    """A line is there before its transaction is committed."""

    def test_is_not_done_where_it_was_rolled_back(self, cast: Cast, journal_folder: Path) -> None:
        token = request_token(cast.bram).token
        with transaction.atomic():
            tokens.revoke(token, by=cast.bram)
            transaction.set_rollback(True)
        before = everything()
        replayed, found = replaying.replay()
        assert not +replayed.done
        assert [entry.object_id for entry in found.begun] == [token.username]
        assert everything() == before
        assert fresh(token).is_live

    def test_is_confirmed_where_the_database_has_it(self, cast: Cast, journal_folder: Path) -> None:
        """As when a process was killed between its commit and the second line."""
        token = request_token(cast.bram).token
        tokens.revoke(token, by=cast.bram)  # within the test's own transaction: not confirmed
        assert journal.read(journal_folder).begun
        before = everything()
        assert not replaying.replay()[1].begun
        (entry,) = journal.read(journal_folder).committed
        assert entry.object_id == token.username
        assert everything() == before

    def test_is_not_taken_for_another_event_of_the_same_number(
        self, cast: Cast, journal_folder: Path
    ) -> None:
        token = request_token(cast.bram).token
        with transaction.atomic():
            tokens.revoke(token, by=cast.bram)
            transaction.set_rollback(True)
        (begun,) = journal.read(journal_folder).begun
        tokens.describe(token, by=cast.bram, description="Something else")
        assert Event.objects.latest("sequence").sequence == begun.sequence
        assert replaying.replay()[1].begun
        assert fresh(token).is_live


def tampered(folder: Path, name: str, value: object) -> None:
    """Changes a field in every line of an event."""
    for file in folder.iterdir():
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        changed = [line if "committed" in line else line | {name: value} for line in lines]
        file.write_text("".join(f"{json.dumps(line)}\n" for line in changed))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("at", "2020-01-01T00:00:00.000000Z"),
        ("previous", "none"),
        ("details", {"reason": 0.5}),
        ("object", {"kind": "token", "id": "", "name": ""}),
    ],
)
def test_an_entry_that_is_not_what_was_sealed_is_left_out_and_told(
    cast: Cast, lost: Lost, journal_folder: Path, name: str, value: object
) -> None:
    token, other = (request_token(cast.bram).token for _ in range(2))
    lost(lambda: (tokens.revoke(token, by=cast.bram), people.deactivate(cast.bram, by=CONSOLE)))
    if name == "object":
        value = {"kind": "token", "id": other.username, "name": ""}
    tampered(journal_folder, name, value)
    before = everything()
    replayed, found = replaying.replay()
    assert len(replaying.garbled(replayed, found)) == 2
    assert everything() == before


def test_an_entry_that_is_not_what_was_sealed_is_told_only_where_something_is_to_be_done(
    cast: Cast, lost: Lost, journal_folder: Path
) -> None:
    token = request_token(cast.bram).token
    lost(lambda: tokens.revoke(token, by=cast.bram))
    tampered(journal_folder, "previous", "none")
    tokens.revoke(token, by=cast.bram)
    assert not replay().forged


def test_a_revocation_behind_one_that_is_not_what_was_sealed_counts(
    cast: Cast, lost: Lost, journal_folder: Path
) -> None:
    token = request_token(cast.bram).token
    lost(lambda: tokens.revoke(token, by=cast.bram))
    tampered(journal_folder, "at", "2020-01-01T00:00:00.000000Z")
    (file,) = journal_folder.iterdir()
    file.rename(journal_folder / "forged.jsonl")
    lost(lambda: tokens.revoke(token, by=CONSOLE))
    assert done() == {"token.revoked": 1}


def test_a_giving_back_that_is_not_what_was_sealed_gives_nothing_back(
    switch: Switch, lost: Lost, journal_folder: Path
) -> None:
    lost(switch.take)
    (file,) = journal_folder.iterdir()
    taken = json.loads(file.read_text().splitlines()[0])
    given = taken | {"action": str(TAKEN[Action(taken["action"])]), "hash": "0" * 64}
    given["at"] = "2999-01-01T00:00:00.000000Z"
    lines = [taken, given, {"committed": [taken["hash"], given["hash"]]}]
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert sum(done().values()) == 1
    assert switch.is_taken


def test_what_another_release_wrote_is_left_alone(
    cast: Cast, lost: Lost, journal_folder: Path
) -> None:
    lost(lambda: tokens.revoke(request_token(cast.bram).token, by=cast.bram))
    (file,) = journal_folder.iterdir()
    line = json.loads(file.read_text().splitlines()[0]) | {"action": "token.frozen"}
    facts = {name: value for name, value in line.items() if name not in trail.SEALS}
    line["hash"] = trail.seal(line["previous"], facts)
    file.write_text(f"{json.dumps(line)}\n{json.dumps({'committed': [line['hash']]})}\n")
    before = everything()
    assert not done()
    assert everything() == before
