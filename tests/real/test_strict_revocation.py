"""With the proxy's check, does a revocation hold for grants that were given before it?"""

import pytest
import requests

from tests import proxy

MANIFEST = "/v2/public/universal/manifests/latest"
ACCEPT = {"Accept": "application/vnd.docker.distribution.manifest.v2+json"}

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def checked_registry(stack, tmp_path_factory):
    if not proxy.program():
        pytest.skip("Caddy is not installed")
    with proxy.checking(stack, tmp_path_factory.mktemp("caddy")) as address:
        yield address


def grant_of(stack, credential):
    answer = requests.get(
        f"{stack.portal}/auth/token",
        params={"scope": "repository:public/universal:pull"},
        auth=(credential.username, credential.secret),
        timeout=10,
    )
    return answer.json()["token"]


def pull(registry, grant):
    headers = ACCEPT | {"Authorization": f"Bearer {grant}"}
    return requests.get(registry + MANIFEST, headers=headers, timeout=10)


def test_the_next_request_after_a_revocation_is_refused(stack, checked_registry):
    person = stack.sign_in()
    credential = person.request_token()
    grant = grant_of(stack, credential)
    assert pull(checked_registry, grant).status_code == 200
    person.revoke(credential.username)
    refused = pull(checked_registry, grant)
    assert refused.status_code == 401
    assert 'scope="repository:public/universal:pull"' in refused.headers["WWW-Authenticate"]
    # Without the check the grant lives on to its end.
    assert pull(f"http://{stack.registry}", grant).status_code == 200


def test_what_carries_no_grant_meets_the_registrys_own_challenge(checked_registry):
    answer = requests.get(f"{checked_registry}/v2/", timeout=10)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer realm=")


def test_other_tokens_pull_on(stack, checked_registry):
    person = stack.sign_in()
    one, other = person.request_token(), person.request_token()
    grants = [grant_of(stack, credential) for credential in (one, other)]
    person.revoke(one.username)
    assert [pull(checked_registry, grant).status_code for grant in grants] == [401, 200]
