"""Is what was lost taken away once, however many processes start at the same moment?"""

import json
from functools import partial

import pytest

from tests.concurrency.crowd import together
from tests.stack import Stack

STARTS = 6
REVOKED = 20

# Revoked in a database that is lost: this one has none of it, the journal all.
LOSE = f"""
from django.conf import settings
from django.db import transaction
from tests.factories import request_token
from tokens import journal
from tokens.actions import companies, tokens
from tokens.models import CONSOLE, Company, Token, User
farid = User.objects.get(email="farid@globex.example")
names = [request_token(farid).token.username for _ in range({REVOKED})]
with transaction.atomic():
    chosen = Token.objects.filter(username__in=names)
    revoked = tokens.revoke_all(chosen, company=farid.company, by=CONSOLE)
    transaction.set_rollback(True)
folder = settings.REVOCATION_JOURNAL
begun = [e.hash for e in journal.read(folder).begun if e.object_id in names]
assert len(begun) == len(revoked) == {REVOKED}
journal.confirm(folder, begun)
"""
START = """
import json
from tokens.management import replaying
print(json.dumps(sum(replaying.replay()[0].done.values())))
"""
LIVE = """
from tokens.models import Event
print(Event.objects.filter(actor_kind="journal").count())
"""


def run(stack: Stack, code: str) -> str:
    done = stack.manage("shell", "--verbosity=0", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_many_that_start_at_once_do_it_once(stack: Stack) -> None:
    before = int(run(stack, LIVE))
    run(stack, LOSE)
    outcomes = together([partial(run, stack, START)] * STARTS)
    assert sum(json.loads(outcome) for outcome in outcomes) == REVOKED
    assert int(run(stack, LIVE)) == before + REVOKED
    assert stack.manage("verify_events").returncode == 0
