"""How does gunicorn serve the bare view? As it serves the portal, without a writer of uses."""

import sys
from typing import Any

from portal.gunicorn import (
    SQLITE_SWITCH_INTERVAL,
    bind,
    control_socket_disable,
    keepalive,
    threads,
    worker_class,
    workers,
)

__all__ = [
    "bind",
    "control_socket_disable",
    "keepalive",
    "post_worker_init",
    "threads",
    "worker_class",
    "workers",
]
wsgi_app = "bench.bare"


def post_worker_init(worker: Any) -> None:
    sys.setswitchinterval(SQLITE_SWITCH_INTERVAL)
