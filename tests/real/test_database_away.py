"""What do machines hear while the database is stopped under load, and does it end?

How long each waits is measured by ``python -m bench.outage``.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests import postgres
from tests.crowd import Crowd
from tests.real.programs import wait_until
from tests.stack import running

pytestmark = pytest.mark.engine

AWAY = 3  # seconds


@pytest.fixture
def server() -> Iterator[postgres.Server]:
    if postgres.programs() is None:
        pytest.skip("PostgreSQL: no server is installed")
    with postgres.serving() as server:
        yield server


def test_machines_hear_nothing_but_503_until_it_is_back(
    server: postgres.Server, tmp_path: Path
) -> None:
    with running(tmp_path, DATABASE_URL=server.url) as stack:
        credential = stack.sign_in().request_token()
        with Crowd(stack.portal, credential) as crowd:
            wait_until(lambda: len(crowd.answers) > 100, told=lambda: "nobody is answered")
            assert crowd.statuses(since=0) == {200}
            server.stop()
            stopped = time.monotonic()
            time.sleep(AWAY)
            assert crowd.statuses(since=stopped) == {503}
            assert requests.get(f"{stack.portal}/livez", timeout=5).ok
            assert requests.get(f"{stack.portal}/readyz", timeout=5).status_code == 503
            server.start()
            wait_until(
                lambda: crowd.statuses(since=time.monotonic() - 0.5) == {200},
                told=lambda: "machines are still refused",
            )
        assert crowd.statuses(since=0) == {200, 503}
        assert requests.get(f"{stack.portal}/readyz", timeout=5).ok
