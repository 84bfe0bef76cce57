"""Does what falls due: for now, forgetting sessions that have ended."""

import signal
import threading
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

EVERY = 3600  # seconds


class Command(BaseCommand):
    help = "Does what falls due, every hour until it is stopped, or once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do it and end")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        if not options["once"]:
            signal.signal(signal.SIGTERM, lambda number, frame: stopping.set())
        while True:
            call_command("clearsessions")
            if options["once"] or stopping.wait(EVERY):
                return
