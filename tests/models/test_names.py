"""Does a row say what it is, for whoever meets it in a shell or in a log?"""

from datetime import UTC, datetime

import pytest
from django.db.models import Model

from tokens.models import Event, Failure, Pull, Refusal, Review
from tokens.models.jobs import Sighting
from tokens.models.pulls import Notification

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ROWS = {
    "acme 7: token.revoked": Event(company="acme", sequence=7, action="token.revoked"),
    "60 from 203.0.113.7": Failure(network="203.0.113.7", minute=NOON, count=60),
    "registry": Sighting(name="registry", at=NOON),
    "public/app latest": Pull(repository="public/app", reference="latest"),
    "an id": Notification(id="an id", at=NOON),
    "revoked from 203.0.113.7": Refusal(reason="revoked", address="203.0.113.7", hour=NOON),
    "3 at 2026-05-04": Review(company_id=3, at=NOON),
}


@pytest.mark.parametrize(("told", "row"), ROWS.items())
def test_a_row_says_what_it_is(told: str, row: Model) -> None:
    assert str(row) == told
