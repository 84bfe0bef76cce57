"""Does what falls due."""

import logging
import signal
import threading
import time
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import close_old_connections

from tokens import checkpoints
from tokens.management.jobs import JOBS, Job

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Does what falls due until it is stopped, or everything once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do everything once and end")

    def handle(self, *args: Any, **options: Any) -> None:
        _check_audit_key()
        if options["once"]:
            for job in JOBS:
                job.do()
            return
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, frame: stopping.set())
        apart = [job for job in JOBS if job.apart]
        thread = threading.Thread(target=_keep_doing, args=[apart, stopping])
        thread.start()
        _keep_doing([job for job in JOBS if not job.apart], stopping)
        thread.join()


def _check_audit_key() -> None:
    """Nobody learns only from the log that nothing was signed; raises CommandError."""
    try:
        checkpoints.own_key()
    except checkpoints.KeyUnusable as error:
        raise CommandError(f"AUDIT_KEY_FILE: {error}") from error


def _keep_doing(jobs: Sequence[Job], stopping: threading.Event) -> None:
    due = {job.name: time.monotonic() for job in jobs}
    while not stopping.is_set():
        for job in jobs:
            if due[job.name] <= time.monotonic() and not stopping.is_set():
                due[job.name] = time.monotonic() + job.every
                _try(job)
        stopping.wait(max(0, min(due.values()) - time.monotonic()))


def _try(job: Job) -> None:
    """One that fails is logged and tried again when it is due: the others go on."""
    close_old_connections()
    try:
        job.do()
    except Exception:
        logger.exception("the job %s failed", job.name)
