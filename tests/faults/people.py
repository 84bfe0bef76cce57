"""People and machines who are at work while something breaks, and note all that they are told."""

import base64
import http.client
import random
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlsplit

import requests

from tests.faults.history import Ask, Attempt, Deed, History
from tests.faults.invariants import AWAY, BROKEN
from tests.stack import Credential, PostedForm, Session, Stack

PEOPLE = ("ana@acme.example", "bram@acme.example", "eva@globex.example", "farid@globex.example")
ANSWERED_WITHIN = 30  # seconds, where somebody answers at all
AT_MOST = 90  # seconds in which something must be answered at last
TRIED_AGAIN_AFTER = 0.05  # seconds
PAUSE = 0.02  # seconds between two requests of a machine
KEPT = 0.3  # of the tokens, which are not revoked
_SHOWN = re.compile(r'id="token-(?:username|secret)">([^<]*)<')
_KNOWN = re.compile(r"<code>([a-z0-9-]+)</code>")


class Machine:
    """Logs in at the realm, on a connection that it keeps."""

    def __init__(self, stack: Stack, history: History) -> None:
        address = urlsplit(stack.portal)
        self._connection = http.client.HTTPConnection(
            str(address.hostname), address.port, timeout=ANSWERED_WITHIN
        )
        self._history = history

    def ask(self, credential: Credential) -> int:
        """The status, or ``BROKEN`` where nothing was answered."""
        begun = time.monotonic()
        try:
            status = self._status(credential)
        except (OSError, http.client.HTTPException):
            self.close()
            status = BROKEN
        ended = time.monotonic()
        self._history.asks.append(Ask(credential.username, begun, ended, status))
        return status

    def close(self) -> None:
        """Ends the connection; another is made where it asks again."""
        self._connection.close()

    def _status(self, credential: Credential) -> int:
        pair = base64.b64encode(f"{credential.username}:{credential.secret}".encode()).decode()
        path = "/auth/token?service=container-registry&scope=repository:public/hello:pull"
        self._connection.request("GET", path, headers={"Authorization": f"Basic {pair}"})
        answer = self._connection.getresponse()
        answer.read()
        return answer.status


class Person:
    """Requests, uses, describes and revokes tokens, one deed after the other."""

    def __init__(self, session: Session, stack: Stack, office: "Office") -> None:
        self._session = session
        self._office = office
        self._machine = office.machine(stack)
        self._fields = PostedForm.of(session.get("/tokens/request/").text).fields

    def work(self) -> None:
        while not self._office.closing.is_set():
            if token := self._request():
                self._office.tokens.append(token)
                if not self._use(token):
                    return
                self._describe(token)
                if random.random() > KEPT:
                    self._revoke(token)
                    self._machine.ask(token)

    def _use(self, token: Credential) -> bool:
        """Logs in once, however long it takes; says whether that was answered before they left."""
        return any(self._machine.ask(token) not in {AWAY, BROKEN} for _ in self._office.tries())

    def _request(self) -> Credential | None:
        """What the page shows; None where its secret was lost with an answer."""
        nonce, description = secrets.token_urlsafe(16), _words()
        told = {"nonce": nonce, "description": description}
        attempt = self._do(Deed.REQUEST, "/tokens/request/", told, **told)
        return Credential(attempt.username, attempt.secret) if attempt.secret else None

    def _describe(self, token: Credential) -> None:
        path, description = f"/tokens/{token.username}/describe/", _words()
        told = {"description": description}
        self._do(Deed.DESCRIBE, path, told, username=token.username, description=description)

    def _revoke(self, token: Credential) -> None:
        self._do(Deed.REVOKE, f"/tokens/{token.username}/revoke/", {}, username=token.username)

    def _do(self, deed: Deed, path: str, fields: dict[str, str], **facts: str) -> Attempt:
        """Posts the same form until it is answered, as somebody at a browser does."""
        for _ in self._office.tries():
            attempt = self._office.history.send(deed, at=time.monotonic(), **facts)
            self._post(attempt, path, self._fields | fields)
            if attempt.was_answered and attempt.status != AWAY:
                break
        return attempt

    def _post(self, attempt: Attempt, path: str, fields: dict[str, str]) -> None:
        headers = {"X-Attempt": str(attempt.number)}
        try:
            answer = self._session.send(path, fields, headers=headers, follow=False)
        except requests.RequestException:
            return
        _note(attempt, answer)
        attempt.status, attempt.answered_at = answer.status_code, time.monotonic()


def _words() -> str:
    return f"A machine under fire {secrets.token_hex(8)}"


def _note(attempt: Attempt, answer: requests.Response) -> None:
    """Whether the deed is done, and what the page shows."""
    if attempt.deed is not Deed.REQUEST:
        is_elsewhere = answer.headers.get("Location", "").startswith("/tokens/")
        attempt.done = answer.status_code == 302 and is_elsewhere
    elif shown := _SHOWN.findall(answer.text):
        attempt.username, attempt.secret = shown
        attempt.done = True
    elif answer.status_code == 200 and (known := _KNOWN.search(answer.text)):
        attempt.username, attempt.done = known[1], True


class Office:
    """People at work in a block, and machines that log in with whatever token there is."""

    def __init__(self, stack: Stack, sessions: list[Session], *, machines: int = 2) -> None:
        self.history = History()
        self.tokens: list[Credential] = []
        self.closing = threading.Event()
        self._is_left = threading.Event()
        self._machines: list[Machine] = []
        self._people = [Person(session, stack, self) for session in sessions]
        self._asking = [self.machine(stack) for _ in range(machines)]
        self._pool = ThreadPoolExecutor(len(sessions) + machines)
        self._working: list[Future[None]] = []

    def __enter__(self) -> "Office":
        work: list[Callable[[], None]] = [person.work for person in self._people]
        work += [lambda machine=machine: self._keep_asking(machine) for machine in self._asking]
        self._working = [self._pool.submit(one) for one in work]
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Lets everybody finish what they do, and fails if somebody cannot."""
        self.closing.set()
        if kind:
            self.leave()
        for one in self._working:
            one.result()
        self._pool.shutdown()
        for machine in self._machines:
            machine.close()

    def machine(self, stack: Stack) -> Machine:
        """One whose answers are noted here; its connection ends with the work."""
        self._machines.append(Machine(stack, self.history))
        return self._machines[-1]

    def leave(self) -> None:
        """Everybody goes home at once: nothing is tried again that was not answered."""
        self._is_left.set()
        self.closing.set()

    def tries(self) -> Iterator[None]:
        """Once, and then again until somebody leaves; fails where that takes too long."""
        deadline = time.monotonic() + AT_MOST
        yield
        while not self._is_left.wait(TRIED_AGAIN_AFTER):
            assert time.monotonic() < deadline, "the portal never answers again"
            yield

    def _keep_asking(self, machine: Machine) -> None:
        while not self.closing.is_set():
            time.sleep(PAUSE)
            if self.tokens:
                machine.ask(random.choice(self.tokens))
