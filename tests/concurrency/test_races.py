"""Does everything hold when many do it at once, in several processes?"""

import re
import secrets
import time
from collections.abc import Callable
from functools import partial
from itertools import cycle, islice

import pytest
import requests

from tests.concurrency.crowd import together
from tests.stack import Credential, PostedForm, Session, Stack
from tests.totp import fresh_code

# Of the second company, so that the lists of the first stay short for other tests.
PEOPLE = {
    "eva@globex.example": "Eva Klein",
    "farid@globex.example": "Farid Haddad",
    "greta@globex.example": "Greta Lund",
}
DOUBLE_CLICKS = 50
REVOCATIONS_AT_ONCE = 15
ROUNDS = 200
ROUNDS_AT_ONCE = 4
ASKED_AT_ONCE = 3
MINUTE = 60


@pytest.fixture(scope="module")
def sessions(stack: Stack) -> dict[str, Session]:
    return {email: stack.sign_in(email) for email in PEOPLE}


@pytest.fixture(scope="module")
def farid(sessions: dict[str, Session]) -> Session:
    return sessions["farid@globex.example"]


def form_of(session: Session, path: str) -> dict[str, str]:
    return PostedForm.of(session.get(path).text).fields


def listed(session: Session, words: str) -> int:
    """How many tokens the list finds, live or revoked."""
    found = [session.get(f"/tokens/?q={words}&status={status}").text for status in ("", "revoked")]
    return sum(page.count('<tr id="token-') for page in found)


def events(stack: Stack) -> int:
    """How many events there are; the whole trail must hold."""
    done = stack.manage("verify_events")
    assert done.returncode == 0, done.stdout + done.stderr
    match = re.match(r"(\d+) events hold, whole", done.stdout)
    assert match, done.stdout
    return int(match[1])


def ask(stack: Stack, credential: Credential) -> requests.Response:
    """What the realm answers to a machine."""
    return requests.get(
        f"{stack.portal}/auth/token",
        params={"service": "container-registry", "scope": "repository:public/hello:pull"},
        auth=(credential.username, credential.secret),
        timeout=30,
    )


def test_fifty_posts_of_one_form_make_one_token_and_show_one_secret(
    stack: Stack, farid: Session
) -> None:
    description = f"Pressed fifty times {secrets.token_hex(4)}"
    form = form_of(farid, "/tokens/request/") | {"description": description}
    before = events(stack)

    answers = together([partial(farid.send, "/tokens/request/", form)] * DOUBLE_CLICKS)

    assert {answer.status_code for answer in answers} == {200}
    showing = [answer for answer in answers if 'id="token-secret"' in answer.text]
    assert len(showing) == 1
    others = [answer for answer in answers if "already requested at" in answer.text]
    assert len(others) == DOUBLE_CLICKS - 1
    assert listed(farid, description) == 1
    assert events(stack) == before + 1


def test_the_secret_that_one_of_fifty_posts_shows_works(stack: Stack, farid: Session) -> None:
    form = form_of(farid, "/tokens/request/") | {"description": "Pressed often"}
    answers = together([partial(farid.send, "/tokens/request/", form)] * 10)
    (page,) = [answer.text for answer in answers if 'id="token-secret"' in answer.text]
    shown = re.findall(r'id="token-(?:username|secret)">([^<]*)<', page)
    assert ask(stack, Credential(*shown)).status_code == 200


def test_colleagues_with_one_nonce_make_one_token(
    stack: Stack, sessions: dict[str, Session]
) -> None:
    nonce = secrets.token_urlsafe(16)
    posts = [
        partial(
            session.send,
            "/tokens/request/",
            form_of(session, "/tokens/request/") | {"nonce": nonce, "description": "Ours"},
        )
        for session in sessions.values()
    ]
    answers = together(posts * 4)
    assert {answer.status_code for answer in answers} == {200}
    assert sum('id="token-secret"' in answer.text for answer in answers) == 1


def test_of_two_who_revoke_at_once_one_does_it_and_both_read_who(
    stack: Stack, sessions: dict[str, Session]
) -> None:
    (eva, farid) = (sessions[f"{name}@globex.example"] for name in ("eva", "farid"))
    names = {id(eva): "Eva Klein", id(farid): "Farid Haddad"}
    for _ in range(REVOCATIONS_AT_ONCE):
        token = farid.request_token()
        path = f"/tokens/{token.username}/revoke/"
        forms = {id(one): form_of(one, path) for one in (eva, farid)}

        answers = together([partial(one.send, path, forms[id(one)]) for one in (eva, farid)])

        assert [answer.status_code for answer in answers] == [200, 200]
        told = dict(zip(names, (answer.text for answer in answers), strict=True))
        (winner,) = [who for who, page in told.items() if "is revoked: machines" in page]
        (loser,) = [who for who in names if who != winner]
        assert f"{names[winner]} revoked “A machine of the tests" in told[loser]
        history = farid.get(f"/tokens/{token.username}/").text
        assert history.count("</bdi> revoked <bdi>") == 1
        assert f"by <bdi>{names[winner]}</bdi>, " in history


def test_many_who_do_everything_at_once_never_wait_for_each_other_in_vain(
    stack: Stack, sessions: dict[str, Session]
) -> None:
    """Each request, description and revocation is done once and leaves its event, or is refused."""
    shared = [session.request_token("Shared") for session in sessions.values()]
    before = events(stack)

    def one_person(session: Session, number: int) -> int:
        """Does a share of everything; says how many events it must have left."""
        own = session.request_token("Own")
        fields = form_of(session, f"/tokens/{own.username}/describe/")
        left = 1
        for token in (own, *shared):
            told = fields | {"description": f"Described {number} {secrets.token_hex(4)}"}
            answer = session.send(f"/tokens/{token.username}/describe/", told)
            assert answer.status_code == 200, answer.text
            left += 1
        revoked = session.send(f"/tokens/{own.username}/revoke/", fields)
        assert revoked.status_code == 200, revoked.text
        return left + 1

    crowd = islice(cycle(sessions.values()), 18)
    left = together([partial(one_person, session, number) for number, session in enumerate(crowd)])

    assert events(stack) == before + sum(left)


def test_no_request_that_begins_after_a_revocations_answer_is_granted(
    stack: Stack, sessions: dict[str, Session]
) -> None:
    people = list(sessions.values())
    rounds = ROUNDS // ROUNDS_AT_ONCE

    def one_after_the_other(session: Session) -> list[tuple[int, str]]:
        """Revokes token after token, and asks for each at once; says what was answered then."""
        fields = form_of(session, "/tokens/request/")
        answered = []
        for _ in range(rounds):
            nonce = secrets.token_urlsafe(16)
            page = session.send(
                "/tokens/request/", fields | {"nonce": nonce, "description": "Soon revoked"}
            ).text
            token = Credential(*re.findall(r'id="token-(?:username|secret)">([^<]*)<', page))
            assert ask(stack, token).status_code == 200
            revoked = session.send(f"/tokens/{token.username}/revoke/", fields)
            assert revoked.status_code == 200
            answers = together([partial(ask, stack, token)] * ASKED_AT_ONCE)
            answered += [(answer.status_code, answer.text) for answer in answers]
        return answered

    crowd: list[Callable[[], list[tuple[int, str]]]] = [
        partial(one_after_the_other, session) for session in islice(cycle(people), ROUNDS_AT_ONCE)
    ]
    answers = [answer for answered in together(crowd) for answer in answered]

    assert len(answers) == ROUNDS * ASKED_AT_ONCE
    assert {status for status, _text in answers} == {401}
    assert all("this token was revoked on" in text for _status, text in answers)


def test_requests_that_meet_a_revocation_are_granted_before_it_and_never_after(
    stack: Stack, farid: Session
) -> None:
    """A machine that never stops asking: what begins after the answer is refused."""
    for _ in range(5):
        token = farid.request_token()
        fields = form_of(farid, f"/tokens/{token.username}/revoke/")
        answered_at: list[float] = []

        def keep_asking(
            token: Credential = token, until: list[float] = answered_at
        ) -> list[tuple[float, int]]:
            asked: list[tuple[float, int]] = []
            deadline = time.monotonic() + MINUTE
            while not until or asked[-1][0] < until[0]:
                assert time.monotonic() < deadline
                begun_at = time.monotonic()
                asked.append((begun_at, ask(stack, token).status_code))
            return asked

        def revoke(
            token: Credential = token,
            fields: dict[str, str] = fields,
            until: list[float] = answered_at,
        ) -> list[tuple[float, int]]:
            farid.send(f"/tokens/{token.username}/revoke/", fields)
            until.append(time.monotonic())
            return []

        asked = [one for many in together([revoke, *[keep_asking] * 4]) for one in many]

        late = {status for begun_at, status in asked if begun_at > answered_at[0]}
        assert late == {401}
        assert {status for _begun_at, status in asked} <= {200, 401}


def test_of_two_who_reset_a_factor_at_once_one_does_it(
    stack: Stack, sessions: dict[str, Session]
) -> None:
    greta = sessions["greta@globex.example"]
    page = greta.get("/accounts/2fa/totp/activate/").text
    key = re.search(r'id="block-key">([A-Z2-7]+)<', page)
    assert key, page
    fields = PostedForm.of(page).fields | {"code": fresh_code(key[1])}
    assert greta.send("/accounts/2fa/totp/activate/", fields).ok
    admins = [sessions["eva@globex.example"], stack.sign_in("vera@thinkwise.example")]
    found = re.search(r'value="([0-9a-f-]{36})"[^>]*>Greta Lund<', admins[0].get("/audit/").text)
    assert found
    path = f"/people/{found[1]}/reset-factor/"
    forms = [form_of(admin, path) for admin in admins]
    before = events(stack)

    answers = together(
        [partial(admin.send, path, form) for admin, form in zip(admins, forms, strict=True)]
    )

    assert [answer.status_code for answer in answers] == [200, 200]
    assert events(stack) == before + 1
    assert greta.get("/tokens/").url.endswith("/accounts/login/?next=/tokens/")
    assert stack.sign_in("greta@globex.example").get("/tokens/").ok


def test_the_trail_of_all_of_it_holds(stack: Stack) -> None:
    assert events(stack) > 0
