"""Where does the realm spend its time? ``python -m bench.profile [sqlite | postgresql]``."""

import cProfile
import io
import os
import pstats
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import servers, stores
from bench.load import AGENT
from tests import postgres

TOKENS = 1000
REQUESTS = 5000
LINES = 30


def main() -> int:
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="portal-profile-")))
        settings = {}
        if "postgresql" in sys.argv:
            settings["DATABASE_URL"] = ends.enter_context(postgres.running())
        store = stores.fill("profile", folder / "store", count=TOKENS, **settings)
        os.environ.update(store.environment)
        headers = store.headers("right").read_text().split("\n")[:TOKENS]
        _ask(headers)  # so that nothing is loaded or connected for the first time
        with cProfile.Profile() as profile:
            _ask(headers)
        pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(LINES)
    return 0


def _ask(headers: list[str]) -> None:
    from portal.wsgi import application

    for number in range(REQUESTS):
        environ = _environ(headers[number % len(headers)])
        application(environ, _check)


def _environ(authorization: str) -> dict[str, Any]:
    path, _, query = servers.REALM.partition("?")
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_AUTHORIZATION": authorization,
        "HTTP_USER_AGENT": AGENT,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }


def _check(status: str, headers: list[tuple[str, str]]) -> None:
    assert status == "200 OK", status


if __name__ == "__main__":
    sys.exit(main())
