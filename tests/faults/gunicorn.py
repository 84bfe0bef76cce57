"""The portal's own gunicorn, whose workers also note what they do: see ``traced``.

Where FAULTS_FORKED is set workers are forked from a master that has loaded the portal, which takes
milliseconds instead of seconds: so a thousand of them can be killed.
"""

import os
from typing import Any

from portal import gunicorn as portals
from portal.gunicorn import *  # noqa: F403

wsgi_app = "tests.faults.traced"
preload_app = "FAULTS_FORKED" in os.environ


def post_worker_init(worker: Any) -> None:
    from tests.faults.traced import note

    portals.post_worker_init(worker)
    note("-", "ready")
