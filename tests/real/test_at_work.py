"""What do the running portal and a real registry tell of pulls, failures and answers?"""

import re
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import requests

from tests.real import protocol
from tests.real.programs import wait_until
from tests.stack import Credential, Session, Stack
from tests.views.test_metrics import value
from tokens import credentials
from tokens.models.failures import MOST_A_MINUTE

pytestmark = pytest.mark.engine

IMAGE = "public/universal:latest"
GRANTED = 'portal_realm_answers_total{outcome="granted"}'
ASKED = 200  # times
MACHINES = 50


def log_in(stack: Stack, credential: Credential, address: str) -> int:
    """The status with which the realm answers a machine at an address."""
    return requests.get(
        f"{stack.portal}/auth/token",
        auth=(credential.username, credential.secret),
        headers={"X-Forwarded-For": address, "User-Agent": "docker/28.0.0"},
        timeout=protocol.SECONDS,
    ).status_code


@pytest.fixture
def credential(person: Session) -> Credential:
    return person.request_token()


@pytest.fixture
def token_page(person: Session, credential: Credential) -> Callable[[], str]:
    return lambda: person.get(f"/tokens/{credential.username}/").text


def times_pulled(page: str) -> list[tuple[str, int]]:
    """The references of the page's pulls, with how often each was pulled."""
    table = page.partition("What it pulled")[2].partition("</table>")[0]
    references = re.findall(r'<code title="([^"]+)">', table)
    counts = re.findall(r'data-label="Times that day">(\d+)<', table)
    return list(zip(references, map(int, counts), strict=True))


def test_a_pull_appears_on_the_tokens_page_and_a_head_does_not(
    stack: Stack, credential: Credential, token_page: Callable[[], str]
) -> None:
    grant = protocol.granted(stack.registry, IMAGE, credential)
    url = f"http://{stack.registry}/v2/public/universal/manifests"
    headers = {"Authorization": f"Bearer {grant}", "Accept": protocol.MANIFEST}
    for _ in range(3):
        assert requests.head(f"{url}/latest", headers=headers, timeout=10).ok
    assert requests.get(f"{url}/2025.1.10", headers=headers, timeout=10).ok
    # The registry tells in order: once the last is there, the others would be.
    wait_until(lambda: bool(times_pulled(token_page())), told=token_page, within=20)
    assert times_pulled(token_page()) == [("2025.1.10", 1)]


def test_the_page_says_from_where_and_with_what_a_machine_logged_in(
    stack: Stack, credential: Credential, token_page: Callable[[], str]
) -> None:
    assert log_in(stack, credential, "203.0.113.7") == 200
    wait_until(lambda: "203.0.113.7" in token_page(), told=token_page, within=10)


def metric(stack: Stack, name: str) -> float:
    secret = stack.environment["METRICS_SECRET"]
    headers = {"Authorization": f"Bearer {secret}"}
    text = requests.get(f"{stack.portal}/metrics", headers=headers, timeout=10).text
    return float(value(text, name))


def test_whichever_worker_is_asked_tells_the_answers_of_all(
    stack: Stack, credential: Credential
) -> None:
    before = metric(stack, GRANTED)
    with ThreadPoolExecutor(16) as pool:
        said = pool.map(lambda _: log_in(stack, credential, "203.0.113.7"), range(ASKED))
        assert Counter(said) == {200: ASKED}
    assert {metric(stack, GRANTED) for _ in range(10)} == {before + ASKED}


def test_connections_that_come_at_once_are_shared_by_the_workers(
    stack: Stack, credential: Credential
) -> None:
    """Of a few, such as a proxy keeps open, one worker would else take all."""
    machines, together = 16, threading.Barrier(16)

    def worker(_: int) -> str:
        """Who answers: each process signs with a key of its own."""
        together.wait(protocol.SECONDS)
        answer = protocol.ask(
            {"realm": f"{stack.portal}/auth/token", "scope": "repository:public/a:pull"}, credential
        )
        return str(jwt.get_unverified_header(answer.json()["token"])["kid"])

    with ThreadPoolExecutor(machines) as pool:
        shares = Counter(pool.map(worker, range(machines)))
    assert len(shares) == 2
    assert min(shares.values()) >= machines // 5


def test_fifty_machines_that_fail_keep_none_out_of_fifty_that_work_beside_them(
    stack: Stack, credential: Credential
) -> None:
    dead = Credential(credential.username, credentials.mint_secret("twc_"))
    address = "198.51.100.50"
    machines = [credential, dead] * MACHINES
    with ThreadPoolExecutor(20) as pool:
        rounds = [(each, address) for _ in range(10) for each in machines]
        said = list(pool.map(lambda one: (one[0], log_in(stack, *one)), rounds))
    answers = {
        each: Counter(status for asked, status in said if asked == each) for each in machines
    }
    assert answers[credential] == {200: 10 * MACHINES}
    assert answers[dead].keys() == {401, 429}
    # Each of two workers lets sixty pass until it has heard of the other's.
    assert answers[dead][401] <= 2 * 2 * MOST_A_MINUTE
    assert log_in(stack, dead, "198.51.100.51") == 401
