"""How does gunicorn serve the portal? ``python -m gunicorn --config python:portal.gunicorn``."""

import os
import resource
import shutil
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

from portal import settings
from portal.environment import env, read
from portal.logs import names_the_mistake
from tokens.registry.authority import Authority, AuthorityError

METRICS_DIR = "PROMETHEUS_MULTIPROC_DIR"  # where prometheus_client looks for it

wsgi_app = "portal.wsgi"
bind = read("BIND", default=f"127.0.0.1:{read('PORT', env.int, default=8000)}")
workers = read("WEB_CONCURRENCY", env.int, default=os.cpu_count() or 2)
worker_class = "portal.gunicorn.FairWorker"
# A fourth answers nothing more on two cores: it only takes the interpreter from the others.
threads = 3
timeout = 30
graceful_timeout = 25
keepalive = 75
# A request line may name 50 repositories; gunicorn's default answers a bare 414 before that.
limit_request_line = 8190
# Whether a proxy is believed is decided in one place: portal.middleware.
forwarded_allow_ips = ""
# By default it lies in the user's home, shared by all instances.
control_socket_disable = True
# With threads, sqlite3 waits for the interpreter lock up to this long at every step of a query.
# psycopg waits once for each: there Python's own, 5 ms, answers a twelfth more.
SQLITE_SWITCH_INTERVAL = 0.0002  # seconds
SILENT_FOR = 10  # seconds that the kernel keeps a connection to itself that says nothing

ACCEPTS_AGAIN_AFTER = 0.0005  # seconds
READ_WITHIN = 10  # seconds, for a whole request
STALLS_WITHIN = 20  # seconds in which nothing of an answer is taken

_stopping = threading.Event()


class FairWorker(ThreadWorker):  # type: ignore[misc]
    """Leaves the next connection to another worker, and once it ends to another replica.

    It waits for no client without end: one that sends its request in drops would hold a thread for
    as long as it likes.
    """

    alive: bool
    sockets: list[socket.socket]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._begun: dict[TConn, float] = {}

    def accept(self, listener: socket.socket) -> None:
        """Of a few that come at once, such as a proxy's, one worker would else take all.

        It would keep them: half of the time the other cores had nothing to do.
        """
        super().accept(listener)
        time.sleep(ACCEPTS_AGAIN_AFTER)

    def handle(self, conn: TConn) -> Any:
        self._begun[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            del self._begun[conn]

    def notify(self) -> None:
        """Reads no more of requests that began too long ago; answers to them are still sent.

        It is called at least once a second, beside the threads.
        """
        super().notify()
        too_long_ago = time.monotonic() - READ_WITHIN
        for conn, begun in self._begun.copy().items():
            if begun < too_long_ago:
                with suppress(OSError):  # it has gone by itself
                    conn.sock.shutdown(socket.SHUT_RD)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Once it ends, whoever comes is refused, and a proxy turns to another replica at once.

        They would else wait for seconds, to be cut off when the sockets close at last.
        """
        super().set_accept_enabled(enabled)
        if not (enabled or self.alive):
            self._close_doors()

    def _close_doors(self) -> None:
        """Takes in who already waits, and closes."""
        for listener in self.sockets:
            inside = -1
            while inside < self.nr_conns:
                inside = self.nr_conns
                super().accept(listener)
            listener.close()
        self.sockets = []

    def is_parent_alive(self) -> bool:
        """Ends an orphan as if it had been told to stop.

        It would else serve the connections that it has for 25 s, and whoever came new would wait
        before a door that it keeps and nobody opens.
        """
        self.alive = self.alive and super().is_parent_alive()
        return self.alive


def on_starting(server: Any) -> None:
    """Ends the start, in one line, where nothing could be signed; begins to count anew.

    No process leaves a core file, which would hold keys and secrets; nor does the log hold any.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    server.log.error_log.addFilter(names_the_mistake)
    try:
        authority = Authority.load(settings.REGISTRY_CA_CERT_FILE, settings.REGISTRY_CA_KEY_FILE)
        authority.check(datetime.now(UTC))
    except AuthorityError as error:
        sys.exit(f"portal: {error}; `manage.py create_ca` makes a signing authority")
    # Each worker counts into files of its own, and whichever is asked for /metrics sums them up.
    os.environ[METRICS_DIR] = tempfile.mkdtemp(prefix="portal-metrics-")


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ[METRICS_DIR], ignore_errors=True)


def child_exit(server: Any, worker: Any) -> None:
    """Forgets what a worker that ended, or was killed, said of itself."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def when_ready(server: Any) -> None:
    """Lets a connection in once it says something: a silent one would hold a thread for 5 s.

    One that takes nothing of its answer is given up. A connection inherits both from its listener.
    """
    options = {"TCP_DEFER_ACCEPT": SILENT_FOR, "TCP_USER_TIMEOUT": STALLS_WITHIN * 1000}
    for listener in server.LISTENERS:
        for name, value in options.items():
            if listener.family != socket.AF_UNIX and hasattr(socket, name):
                listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def post_worker_init(worker: Any) -> None:
    from tokens.actions.sign_ins import noted_attempts
    from tokens.management import replaying
    from tokens.models import KEPT
    from tokens.models.notebook import keep_writing

    replaying.before_serving(_stopping)
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        sys.setswitchinterval(SQLITE_SWITCH_INTERVAL)
    worker.writer = threading.Thread(
        target=keep_writing, args=[(*KEPT, noted_attempts), _stopping], daemon=True
    )
    worker.writer.start()


def worker_exit(server: Any, worker: Any) -> None:
    """Lets the last uses be written before the process ends."""
    _stopping.set()
    if hasattr(worker, "writer"):
        worker.writer.join(timeout=5)
