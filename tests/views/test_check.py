"""The proxy's question before each request: is this grant's token still alive?"""

import pytest
from django.utils import timezone

from tests.factories import request_token
from tokens import grants
from tokens.actions import tokens as deeds
from tokens.registry.signing import Scope

URL = "/auth/check"
ACCESS = [Scope(type="repository", name="public/universal", actions=["pull"])]
PULL = {"X-Forwarded-Uri": "/v2/public/universal/manifests/latest", "X-Forwarded-Method": "GET"}


@pytest.fixture
def token(cast):
    return request_token(cast.bram).token


def bearing(username, **headers):
    grant = grants.issue(username, ACCESS, now=timezone.now()).token
    return {"Authorization": f"Bearer {grant}"} | headers


def test_a_live_tokens_grant_passes(client, token):
    assert client.get(URL, headers=bearing(token.username)).status_code == 204


def test_a_grant_holds_no_more_from_the_revocation_on(client, token, cast):
    headers = bearing(token.username, **PULL)
    deeds.revoke(token, by=cast.chloe)
    answer = client.get(URL, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="http://portal.example:8000/auth/token",service="container-registry",'
        'scope="repository:public/universal:pull",error="invalid_token"'
    )


@pytest.mark.parametrize(
    ("uri", "method", "scope"),
    [
        ("/v2/public/a/blobs/sha256:1", "HEAD", "repository:public/a:pull"),
        ("/v2/public/a/blobs/uploads/", "POST", "repository:public/a:pull,push"),
        ("/v2/a/manifests/latest?x=1", "PUT", "repository:a:pull,push"),
        ("/v2/a/b/c/tags/list", "GET", "repository:a/b/c:pull"),
    ],
)
def test_the_challenge_asks_for_what_the_request_needs(client, token, cast, uri, method, scope):
    headers = bearing(token.username) | {"X-Forwarded-Uri": uri, "X-Forwarded-Method": method}
    deeds.revoke(token, by=cast.bram)
    assert f'scope="{scope}"' in client.get(URL, headers=headers).headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    "end",
    [
        pytest.param({"suspended_at": timezone.now()}, id="suspended"),
        pytest.param({"expires_at": timezone.now()}, id="expired"),
    ],
)
def test_a_token_that_gives_nothing_any_more_does_not_pass(client, token, end):
    headers = bearing(token.username)
    type(token).objects.filter(pk=token.pk).update(**end)
    assert client.get(URL, headers=headers).status_code == 401


def test_a_company_that_is_inactive_does_not_pass(client, token):
    headers = bearing(token.username)
    token.company.is_active = False
    token.company.save()
    assert client.get(URL, headers=headers).status_code == 401


def test_a_token_that_never_was_does_not_pass(client, token):
    assert client.get(URL, headers=bearing("acme-aaaaaaaa")).status_code == 401


def test_the_portals_own_grants_pass(client, db):
    assert client.get(URL, headers=bearing(grants.PORTAL)).status_code == 204


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "bearer a.b.c", "Bearer  "])
def test_a_garbled_grant_does_not_pass(client, db, header):
    assert client.get(URL, headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic eDp5"}])
def test_what_carries_no_grant_is_left_to_the_registry(client, db, headers):
    assert client.get(URL, headers=headers).status_code == 204


def test_a_check_is_one_query(client, token, assert_queries):
    headers = bearing(token.username)
    with assert_queries(1):
        client.get(URL, headers=headers)


def test_other_methods_are_told_which_one_to_use(client, db):
    assert client.post(URL).headers["Allow"] == "GET, HEAD"


def test_people_read_how_soon_a_revocation_holds_where_it_is_asked(token, cast, sign_in, settings):
    settings.REVOCATION_CHECK = True
    page = sign_in(cast.bram).get(f"/tokens/{token.username}/revoke/").content.decode()
    assert "2 seconds" in page
