"""Which images does the registry hold? With a registry that misbehaves on cue."""

import json
from datetime import UTC, datetime

import pytest
import requests
import responses
from responses import matchers

from tokens.registry.client import INDEXES, MANIFESTS, Client, Content, RegistryAway

BASE = "http://registry:5000"
DIGEST = "sha256:" + "1" * 64


@pytest.fixture
def registry():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client():
    return Client(BASE, sign=lambda access: json.dumps(access))


def test_the_catalog_is_read_page_by_page(registry, client):
    registry.get(
        f"{BASE}/v2/_catalog?n=100",
        json={"repositories": ["public/a"]},
        headers={"Link": '</v2/_catalog?last=public%2Fa&n=100>; rel="next"'},
    )
    registry.get(f"{BASE}/v2/_catalog?last=public%2Fa&n=100", json={"repositories": ["public/b"]})
    assert client.repositories() == ["public/a", "public/b"]


def test_the_catalog_is_asked_for_with_a_grant_for_exactly_that(registry, client):
    access = [{"type": "registry", "name": "catalog", "actions": ["*"]}]
    header = {"Authorization": f"Bearer {json.dumps(access)}"}
    registry.get(
        f"{BASE}/v2/_catalog?n=100",
        json={"repositories": []},
        match=[matchers.header_matcher(header)],
    )
    assert client.repositories() == []


def test_names_that_are_none_are_left_out(registry, client):
    registry.get(f"{BASE}/v2/_catalog?n=100", json={"repositories": ["a/../b", 7, None, "ok"]})
    assert client.repositories() == ["ok"]


def test_a_repository_that_lost_its_tags_has_none(registry, client):
    registry.get(f"{BASE}/v2/public/a/tags/list?n=100", json={"name": "public/a", "tags": None})
    assert client.tags("public/a") == []


def test_a_repository_that_is_gone_has_no_tags(registry, client):
    registry.get(f"{BASE}/v2/public/a/tags/list?n=100", status=404, json={"errors": []})
    assert client.tags("public/a") == []


def test_a_next_page_elsewhere_is_not_followed(registry, client):
    link = {"Link": '<http://evil.example/v2/_catalog>; rel="next"'}
    registry.get(f"{BASE}/v2/_catalog?n=100", json={"repositories": []}, headers=link)
    with pytest.raises(RegistryAway, match="next page"):
        client.repositories()


def test_pages_without_an_end_are_given_up(registry, client, monkeypatch):
    monkeypatch.setattr("tokens.registry.client.MOST_PAGES", 3)
    link = {"Link": '</v2/_catalog?n=100>; rel="next"'}
    registry.get(f"{BASE}/v2/_catalog?n=100", json={"repositories": []}, headers=link)
    with pytest.raises(RegistryAway, match="more than 3 pages"):
        client.repositories()


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"body": requests.ConnectionError("refused")}, id="away"),
        pytest.param({"body": requests.Timeout("slow")}, id="too slow"),
        pytest.param({"status": 500, "body": "oops"}, id="broken"),
        pytest.param({"status": 401, "json": {}}, id="refuses the grant"),
        pytest.param({"status": 301, "headers": {"Location": "http://evil"}}, id="a redirect"),
        pytest.param({"body": b"<html>"}, id="no JSON"),
        pytest.param({"json": ["a", "list"]}, id="no object"),
        pytest.param({"body": b'{"repositories": "' + b"x" * 1_100_000 + b'"}'}, id="too much"),
    ],
)
def test_a_registry_that_makes_no_sense_is_away(registry, client, answer):
    registry.get(f"{BASE}/v2/_catalog?n=100", **answer)
    with pytest.raises(RegistryAway):
        client.repositories()


def image(registry, digest, *, media_type=MANIFESTS[0], created="2025-01-10T09:00:00.123Z"):
    config = "sha256:" + "c" * 64
    manifest = {
        "mediaType": media_type,
        "config": {"digest": config, "size": 10},
        "layers": [{"size": 100}, {"size": 1000}],
    }
    registry.get(f"{BASE}/v2/public/a/manifests/{digest}", json=manifest)
    registry.get(f"{BASE}/v2/public/a/blobs/{config}", json={"created": created})


@pytest.mark.parametrize("media_type", MANIFESTS)
def test_an_image_has_the_size_of_all_its_parts_and_the_date_of_its_config(
    registry, client, media_type
):
    image(registry, DIGEST, media_type=media_type)
    created = datetime(2025, 1, 10, 9, tzinfo=UTC)
    assert client.content("public/a", DIGEST) == Content(DIGEST, 1110, created)


@pytest.mark.parametrize("media_type", INDEXES)
def test_an_index_stands_for_its_first_platform(registry, client, media_type):
    first = "sha256:" + "2" * 64
    index = {"mediaType": media_type, "manifests": [{"digest": first}, {"digest": "other"}]}
    registry.get(f"{BASE}/v2/public/a/manifests/{DIGEST}", json=index)
    image(registry, first)
    assert client.content("public/a", DIGEST).size == 1110


def test_an_empty_index_has_neither_size_nor_date(registry, client):
    index = {"mediaType": INDEXES[0], "manifests": []}
    registry.get(f"{BASE}/v2/public/a/manifests/{DIGEST}", json=index)
    assert client.content("public/a", DIGEST) == Content(DIGEST, None, None)


@pytest.mark.parametrize(
    "manifest", [{}, {"config": 7}, {"config": {}, "layers": [{}]}, {"manifests": [7]}]
)
def test_a_manifest_that_makes_no_sense_is_said_so(registry, client, manifest):
    registry.get(f"{BASE}/v2/public/a/manifests/{DIGEST}", json=manifest)
    with pytest.raises(RegistryAway, match="makes no sense"):
        client.content("public/a", DIGEST)


def test_an_image_that_is_gone_is_said_so(registry, client):
    registry.get(f"{BASE}/v2/public/a/manifests/{DIGEST}", status=404, json={"errors": []})
    with pytest.raises(RegistryAway, match="answered 404"):
        client.content("public/a", DIGEST)


@pytest.mark.parametrize("created", [None, "", "yesterday", 7])
def test_a_date_that_makes_no_sense_is_none(registry, client, created):
    image(registry, DIGEST, created=created)
    assert client.content("public/a", DIGEST).created_at is None


def test_a_tag_stands_for_the_digest_that_the_registry_names(registry, client):
    url = f"{BASE}/v2/public/a/manifests/latest"
    registry.head(url, headers={"Docker-Content-Digest": DIGEST})
    assert client.digest("public/a", "latest") == DIGEST


def test_all_four_kinds_of_manifest_are_accepted(registry, client):
    registry.head(f"{BASE}/v2/public/a/manifests/latest")
    client.digest("public/a", "latest")
    accepted = registry.calls[0].request.headers["Accept"]
    assert all(kind in accepted for kind in (*INDEXES, *MANIFESTS))
