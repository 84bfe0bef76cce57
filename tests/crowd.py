"""A crowd of machines that log in again and again, and what each was answered."""

import threading
import time
from typing import NamedTuple

import requests

from tests.stack import Credential, Stack

MACHINES = 16
ENDS_WITHIN = 30  # seconds


class Answer(NamedTuple):
    status: int
    begun: float
    seconds: float


class Crowd:
    """Each on a connection of its own, from entering the block to its end."""

    def __init__(self, stack: Stack, credential: Credential) -> None:
        self.answers: list[Answer] = []
        self._url, self._credential = f"{stack.portal}/auth/token", credential
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(MACHINES)]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(ENDS_WITHIN)

    def statuses(self, *, since: float) -> set[int]:
        return {answer.status for answer in list(self.answers) if answer.begun > since}

    def _ask(self) -> None:
        basic = (self._credential.username, self._credential.secret)
        with requests.Session() as session:
            while not self._ending.is_set():
                begun = time.monotonic()
                status = session.get(self._url, auth=basic, timeout=20).status_code
                self.answers.append(Answer(status, begun, time.monotonic() - begun))
