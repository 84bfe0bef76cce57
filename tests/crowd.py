"""A crowd of machines that log in again and again, and what each was answered."""

import threading
import time
from typing import NamedTuple

import requests

from tests.stack import Credential

MACHINES = 16
ENDS_WITHIN = 30  # seconds
NONE = 0  # the status of an answer that did not come


class Answer(NamedTuple):
    status: int
    begun: float
    seconds: float


class Crowd:
    """Each on a connection of its own, from entering the block to its end."""

    def __init__(self, portal: str, credential: Credential) -> None:
        self.answers: list[Answer] = []
        self._url, self._credential = f"{portal}/auth/token", credential
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

    def between(self, start: float, end: float) -> list[Answer]:
        return [answer for answer in self.answers if start < answer.begun < end]

    def last_refusal(self) -> float:
        """When the last answer came that was none of a working portal's."""
        return max(each.begun + each.seconds for each in self.answers if each.status != 200)

    def _ask(self) -> None:
        basic = (self._credential.username, self._credential.secret)
        with requests.Session() as session:
            while not self._ending.is_set():
                begun = time.monotonic()
                try:
                    status = session.get(self._url, auth=basic, timeout=20).status_code
                except requests.RequestException:
                    status = NONE
                self.answers.append(Answer(status, begun, time.monotonic() - begun))
