"""How do machines fare for ten minutes beside people who work? ``python -m bench.soak --help``.

Machines log in at a pace on many connections, with as many tokens as a small customer has. People
look at pages, search, request, describe and revoke meanwhile.
"""

import argparse
import random
import sys
import tempfile
import threading
from collections import Counter
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

import requests

from bench import client, servers, stores
from bench.load import Answers, Load
from tests.stack import Session, Stack, running

TOKENS = 50
CONNECTIONS, PER_SECOND = 200, 300
PEOPLE = ("ana@acme.example", "bram@acme.example", "eva@globex.example", "farid@globex.example")
READS_FOR = 1.0  # seconds, typically, before a person goes on
PAGES = ("/tokens/", "/tokens/?q=soak", "/tokens/?status=unused", "/tokens/{username}/", "/images/")


class Answer(NamedTuple):
    status: int
    seconds: float


class Person:
    """Does, again and again, what people do with a token in its life."""

    def __init__(self, session: Session, leaving: threading.Event) -> None:
        self._session, self._leaving = session, leaving
        self.answers: list[Answer] = []
        session.tell_of_answers(self._note)

    def work(self) -> None:
        while not self._leaving.is_set():
            token = self._session.request_token("A machine of the soak test")
            for page in PAGES:
                self._read()
                self._session.get(page.format(username=token.username))
            self._read()
            path = f"/tokens/{token.username}/describe/"
            self._session.post(path, description="A machine that is soaked")
            self._read()
            self._session.revoke(token.username)

    def _note(self, answer: requests.Response) -> None:
        self.answers.append(Answer(answer.status_code, answer.elapsed.total_seconds()))

    def _read(self) -> None:
        self._leaving.wait(random.uniform(0, 2 * READS_FOR))


def main() -> int:
    parser = argparse.ArgumentParser(description="Measures machines beside people, for long.")
    parser.add_argument("--seconds", type=int, default=600, help="how long (600)")
    seconds = parser.parse_args().seconds
    return max(_soak(name, seconds, settings) for name, settings in servers.databases())


def _soak(name: str, seconds: int, settings: dict[str, str]) -> int:
    """An exit code: 1 where something was answered with an error, or not at all."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="portal-soak-")))
        stack = ends.enter_context(running(folder, **settings))
        leaving = threading.Event()
        people = [Person(stack.sign_in(email), leaving) for email in PEOPLE]
        load = _load(stack, seconds)
        # In a process of its own, so that neither waits for the other.
        machines = ends.enter_context(ProcessPoolExecutor(1))
        pool = ends.enter_context(ThreadPoolExecutor(len(people)))
        asked = machines.submit(client.ask, load, per_second=PER_SECOND)
        working = [pool.submit(person.work) for person in people]
        answers = _awaited(asked, leaving)
        for one in working:
            one.result()
    return _say(name, seconds, answers, [one for person in people for one in person.answers])


def _awaited(asked: "Future[Answers]", leaving: threading.Event) -> Answers:
    """What the machines were answered; people leave then, whatever happens."""
    try:
        return asked.result()
    finally:
        leaving.set()


def _load(stack: Stack, seconds: int) -> Load:
    session = stack.sign_in()
    tokens = [session.request_token("A machine that is asked for") for _ in range(TOKENS)]
    file = stack.var_dir / "right"
    stores.write_headers(file, ((token.username, token.secret) for token in tokens))
    return Load(stack.portal + servers.REALM, file, CONNECTIONS, seconds)


def _say(name: str, seconds: int, asked: Answers, read: list[Answer]) -> int:
    cuts = quantiles([1000 * answer.seconds for answer in read], n=100)
    statuses = Counter(answer.status for answer in read)
    print(
        f"{name}, {seconds} s, {CONNECTIONS} connections: {asked.answers:,} log-ins,"
        f" {asked.per_second:.0f} a second, p50 {asked.p50:.1f} ms, p99 {asked.p99:.1f} ms,"
        f" {asked.refused} refused, {asked.lost} lost;"
        f" {len(PEOPLE)} people: {len(read):,} answers {dict(sorted(statuses.items()))},"
        f" p50 {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms"
    )
    is_spoilt = asked.refused or asked.lost or max(statuses) >= 500
    return 1 if is_spoilt else 0


if __name__ == "__main__":
    sys.exit(main())
