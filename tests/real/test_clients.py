"""What does each client do with a token that lives, that is wrong, and that was revoked?"""

import re

import pytest

from tests.real.clients import Client, Docker, Podman, Skopeo, named
from tests.real.matrix import Matrix
from tests.real.printed import Printed, request_token
from tests.real.programs import Outcome
from tests.stack import Credential, Session, Stack
from tokens import credentials

pytestmark = pytest.mark.engine

LOGGING_IN = [Docker, Podman, Skopeo]
BEYOND = "internal/builder:2025.1.10"


logging_in = pytest.mark.parametrize("client", LOGGING_IN, ids=named, indirect=True)


def wrong(credential: Credential, kind: str) -> Credential:
    """The credential with another secret: one that could be ours, or one cut short."""
    other = credentials.mint_secret("twc_")
    secret = {"well formed": other, "cut short": credential.secret[:-1]}[kind]
    return Credential(credential.username, secret)


def revoked_sentence(stack: Stack) -> re.Pattern[str]:
    portal = re.escape(stack.portal)
    day = r"\d{4}-\d\d-\d\d at \d\d:\d\d UTC"
    return re.compile(f"this token was revoked on {day}; request another at {portal}")


def check_refused(client: Client, image: str, *, because: str | re.Pattern[str]) -> Outcome:
    """Refused, nothing kept, and the portal's sentence shown where the client shows one."""
    pulled = client.pull(image)
    assert not pulled.succeeded, pulled.said
    assert not client.has(image)
    sentence = because if client.pull_tells_why else "401 Unauthorized"
    assert re.search(sentence, pulled.said), pulled.said
    return pulled


@logging_in
def test_a_live_token_logs_in(client: Client, printed: Printed, matrix: Matrix) -> None:
    outcome = matrix.note(client, "log in", client.login(printed.credential))
    assert outcome.succeeded, outcome.said
    assert "Login Succeeded" in outcome.said


@logging_in
def test_what_was_logged_in_pulls(client: Client, printed: Printed, image: str) -> None:
    assert client.login(printed.credential).succeeded
    pulled = client.pull(image)
    assert pulled.succeeded, pulled.said
    assert client.has(image)


def test_a_live_token_pulls_every_image(
    client: Client, printed: Printed, stack: Stack, matrix: Matrix
) -> None:
    client.remember(printed.credential)
    for image in stack.images:
        pulled = matrix.note(client, f"pull {image}", client.pull(image))
        assert pulled.succeeded, pulled.said
        assert client.has(image)


def test_without_credentials_nothing_is_pulled(
    client: Client, stack: Stack, image: str, matrix: Matrix
) -> None:
    said = check_refused(client, image, because=f"log in first: request a token at {stack.portal}")
    matrix.note(client, "pull without credentials", said)


@pytest.mark.parametrize("kind", ["well formed", "cut short"])
def test_a_wrong_secret_pulls_nothing(
    client: Client, printed: Printed, image: str, kind: str, matrix: Matrix
) -> None:
    client.remember(wrong(printed.credential, kind))
    said = check_refused(
        client, image, because="wrong username or secret; your tokens are at http://"
    )
    matrix.note(client, f"pull, secret {kind}", said)


@logging_in
@pytest.mark.parametrize("kind", ["well formed", "cut short"])
def test_a_wrong_secret_does_not_log_in(client: Client, printed: Printed, kind: str) -> None:
    outcome = client.login(wrong(printed.credential, kind))
    assert not outcome.succeeded
    said = "wrong username or secret" if client.login_tells_why else "invalid username/password"
    assert said in outcome.said
    assert "auths" not in client.stored.read_text()


def test_a_revoked_token_is_refused_with_the_day_it_was_revoked(
    client: Client, printed: Printed, person: Session, stack: Stack, image: str, matrix: Matrix
) -> None:
    client.remember(printed.credential)
    assert client.pull(image).succeeded
    client.forget(image)
    person.revoke(printed.credential.username)
    said = check_refused(client, image, because=revoked_sentence(stack))
    matrix.note(client, "pull, revoked while in use", said)


@logging_in
def test_a_revoked_token_does_not_log_in(
    client: Client, printed: Printed, person: Session, stack: Stack, matrix: Matrix
) -> None:
    assert client.login(printed.credential).succeeded
    person.revoke(printed.credential.username)
    outcome = matrix.note(client, "log in, revoked", client.login(printed.credential))
    assert not outcome.succeeded
    said = revoked_sentence(stack) if client.login_tells_why else "invalid username/password"
    assert re.search(said, outcome.said), outcome.said


# What the screens for it will do, done to the rows; and what a client is then told.
ENDS = {
    "expired": ("expires_at = timezone.now()", "this token expired on "),
    "suspended": ("suspended_at = timezone.now()", "this token was suspended on "),
    "company inactive": ("company.is_active = False", "this company's access is suspended; see "),
}
END = """
from django.utils import timezone
from tokens.models import Token
token = Token.objects.get(username={username!r})
token.{change}
token.save()
token.company.save()
"""


@pytest.mark.parametrize("end", ENDS)
def test_a_token_that_ended_otherwise_is_refused_with_the_reason(
    client: Client, end: str, stack: Stack, image: str, matrix: Matrix
) -> None:
    change, sentence = ENDS[end]
    credential = stack.sign_in("greta@globex.example").request_token()
    client.remember(credential)
    assert client.pull(image).succeeded
    client.forget(image)
    code = END.format(username=credential.username, change=change)
    try:
        assert stack.manage("shell", "--verbosity=0", "--command", code).returncode == 0
        said = check_refused(client, image, because=sentence)
        matrix.note(client, f"pull, {end}", said)
    finally:
        again = END.format(username=credential.username, change="company.is_active = True")
        assert stack.manage("shell", "--verbosity=0", "--command", again).returncode == 0


def test_a_new_token_works_at_once_after_a_revocation(
    client: Client, printed: Printed, person: Session, image: str
) -> None:
    client.remember(printed.credential)
    person.revoke(printed.credential.username)
    assert not client.pull(image).succeeded
    client.remember(request_token(person).credential)
    pulled = client.pull(image)
    assert pulled.succeeded, pulled.said
    assert client.has(image)


def test_an_image_outside_the_entitlements_is_refused(
    client: Client, printed: Printed, matrix: Matrix
) -> None:
    client.remember(printed.credential)
    pulled = matrix.note(client, "pull what it may not", client.pull(BEYOND))
    assert not pulled.succeeded
    assert re.search("denied|insufficient_scope", pulled.said), pulled.said
    assert not client.has(BEYOND)
