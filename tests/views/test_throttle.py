"""Are failures of one network slowed down, and nobody else kept out?"""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.factories import request_token
from tests.views.machine import Machine
from tokens.actions import tokens as deeds
from tokens.models import Token
from tokens.models.failures import MOST_A_MINUTE

NOON = (timezone.now() + timedelta(days=1)).replace(hour=12, minute=0, second=40, microsecond=0)
HERE = {"REMOTE_ADDR": "203.0.113.7"}
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.8"}
TOO_MANY = "429 too many failed log-ins from this address"
WRONG = "401 wrong username or secret"


@pytest.fixture
def wrong(machine, cast):
    """A machine with the secret of another token."""
    return Machine(machine.token, request_token(cast.bram).secret)


@pytest.fixture(autouse=True)
def _within_a_minute():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def failed(wrong):
    """What this address's machines have failed so far."""
    for _ in range(MOST_A_MINUTE):
        assert wrong.ask(**HERE).says == WRONG


@pytest.mark.usefixtures("failed")
class TestAfterSixtyFailures:
    def test_another_one_is_told_to_wait_for_the_next_minute(self, wrong):
        answer = wrong.ask(**HERE)
        assert answer.says == TOO_MANY
        assert answer.headers["Retry-After"] == "20"

    def test_an_unknown_username_is_told_the_same(self, machine):
        unknown = Machine(Token(username="acme-aaaaaaaa"), machine.secret)
        assert unknown.ask(**HERE).says == TOO_MANY

    def test_the_right_secret_is_served(self, machine):
        for _ in range(MOST_A_MINUTE):
            assert machine.ask(**HERE).status == 200

    def test_a_dead_token_reads_its_sentence(self, machine, cast):
        deeds.revoke(machine.token, by=cast.bram)
        assert "this token was revoked on" in machine.ask(**HERE).message

    def test_other_networks_are_not_touched(self, wrong):
        assert wrong.ask(**ELSEWHERE).says == WRONG

    def test_the_username_is_not_locked(self, machine):
        assert machine.ask(**ELSEWHERE).status == 200

    def test_a_typo_is_told_so(self, machine):
        assert Machine(machine.token, machine.secret.swapcase()).ask(**HERE).says == WRONG

    def test_the_next_minute_begins_anew(self, wrong):
        with time_machine.travel(NOON + timedelta(seconds=20), tick=False):
            assert wrong.ask(**HERE).says == WRONG

    def test_a_forged_address_does_not_help(self, wrong):
        assert wrong.ask(**HERE, HTTP_X_FORWARDED_FOR="198.51.100.1").says == TOO_MANY


def test_what_is_no_failure_is_not_counted(machine, cast, wrong):
    deeds.revoke(machine.token, by=cast.bram)
    typo = Machine(machine.token, machine.secret.swapcase())
    for _ in range(MOST_A_MINUTE):
        machine.ask(**HERE)
        typo.ask(**HERE)
    assert wrong.ask(**HERE).says == WRONG
