"""Is whatever takes access away in the journal, before it is committed and again after that?"""

from pathlib import Path
from typing import Any

import pytest

from tests.factories import Cast, request_token
from tests.facts import everything
from tests.switches import KINDS, Switch, fresh
from tokens import journal
from tokens.actions import companies, people, tokens
from tokens.management import replaying
from tokens.models import CONSOLE, Event
from tokens.models.events import JOURNALLED, TAKEN, Action


@pytest.fixture(params=KINDS)
def switch(request: pytest.FixtureRequest, cast: Cast) -> Switch:
    return Switch(cast, request.param)


class TestTheDeeds:
    def test_each_that_takes_or_gives_access_is_in_the_journal_with_its_event(
        self, cast: Cast, journal_folder: Path
    ) -> None:
        token = request_token(cast.bram).token
        for deed in (tokens.suspend, tokens.resume, tokens.revoke):
            deed(token, by=CONSOLE)
        for deed in (companies.suspend, companies.resume):
            deed(cast.acme, by=CONSOLE)
        for deed in (people.deactivate, people.reactivate):
            deed(cast.bram, by=CONSOLE)
        begun = journal.read(journal_folder).begun
        assert {entry.action for entry in begun} == {str(action) for action in JOURNALLED}
        events = Event.objects.filter(action__in=JOURNALLED).order_by("sequence")
        assert [entry.line for entry in begun] == [event.line() for event in events]

    def test_no_other_is(self, cast: Cast, journal_folder: Path) -> None:
        token = request_token(cast.bram).token
        tokens.describe(token, by=cast.bram, description="Something else")
        assert not list(journal_folder.iterdir())

    def test_what_takes_access_away_is_known(self) -> None:
        taking = {a for a in Action if a.value.endswith((".revoked", ".suspended", ".deactivated"))}
        assert TAKEN.keys() == taking

    def test_what_cannot_be_written_does_not_happen(
        self, cast: Cast, switch: Switch, settings: Any, journal_folder: Path
    ) -> None:
        token = request_token(cast.bram).token
        settings.REVOCATION_JOURNAL = journal_folder / "nowhere"
        before = everything()
        with pytest.raises(journal.Unwritable):
            tokens.revoke(token, by=cast.bram)
        with pytest.raises(journal.Unwritable):
            switch.take()
        assert everything() == before


class TestCommitting:
    def test_the_second_line_is_there_when_the_deed_is_answered(
        self, cast: Cast, journal_folder: Path, django_capture_on_commit_callbacks: Any
    ) -> None:
        token = request_token(cast.bram).token
        with django_capture_on_commit_callbacks(execute=True):
            tokens.revoke(token, by=cast.bram)
            assert not journal.read(journal_folder).committed
        found = journal.read(journal_folder)
        assert [entry.object_id for entry in found.committed] == [token.username]
        assert not found.begun

    def test_where_it_cannot_be_written_the_deed_is_not_answered_and_is_confirmed_later(
        self,
        cast: Cast,
        journal_folder: Path,
        django_capture_on_commit_callbacks: Any,
    ) -> None:
        token = request_token(cast.bram).token
        with django_capture_on_commit_callbacks() as waiting:
            tokens.revoke(token, by=cast.bram)
        (confirm,) = waiting
        journal_folder.rename(journal_folder.with_name("away"))
        with pytest.raises(journal.Unwritable):
            confirm()
        journal_folder.with_name("away").rename(journal_folder)
        assert not fresh(token).is_live
        assert journal.read(journal_folder).begun
        assert not +replaying.replay()[0].done
        assert not journal.read(journal_folder).begun

    def test_a_replay_that_cannot_confirm_goes_on(
        self, cast: Cast, journal_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tokens.revoke(request_token(cast.bram).token, by=cast.bram)

        def full(folder: Path, hashes: list[str]) -> None:
            raise journal.Unwritable("No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(journal, "confirm", full)
            assert not +replaying.replay()[0].done
        assert journal.read(journal_folder).begun
        assert not +replaying.replay()[0].done
        assert not journal.read(journal_folder).begun
