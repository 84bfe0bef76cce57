"""Which images may a company pull? With a registry that answers, and then does not."""

from datetime import UTC, datetime, timedelta

import pytest
import responses
import time_machine

from tokens import catalog
from tokens.registry.client import MANIFESTS

BASE = "http://registry.example:5000"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def digest_of(number):
    return f"sha256:{number:064d}"


@pytest.fixture
def registry():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def holds(registry, images):
    """Lets the registry hold images: names of tags for each repository."""
    registry.get(f"{BASE}/v2/_catalog?n=100", json={"repositories": list(images)})
    number = 0
    for repository, tags in images.items():
        base = f"{BASE}/v2/{repository}"
        registry.get(f"{base}/tags/list?n=100", json={"name": repository, "tags": tags})
        for tag in tags:
            number += 1
            digest = digest_of(number)
            manifest = {
                "mediaType": MANIFESTS[0],
                "config": {"digest": digest_of(9), "size": 1},
                "layers": [{"size": 1000 * number}],
            }
            registry.head(f"{base}/manifests/{tag}", headers={"Docker-Content-Digest": digest})
            registry.get(f"{base}/manifests/{digest}", json=manifest)
        registry.get(f"{base}/blobs/{digest_of(9)}", json={"created": "2025-01-10T09:00:00Z"})


def listed():
    return catalog.listing(sign=lambda access: "a grant")


def test_what_the_registry_holds_is_listed_with_size_and_date(registry):
    holds(registry, {"public/universal": ["2025.1.10"]})
    (tag,) = listed().repositories["public/universal"]
    assert (tag.name, tag.content.digest, tag.content.size) == ("2025.1.10", digest_of(1), 1001)
    assert tag.content.created_at == datetime(2025, 1, 10, 9, tzinfo=UTC)


def test_newer_versions_stand_above_older_ones_and_latest_above_all(registry):
    holds(registry, {"public/a": ["2025.1.9", "latest", "2024.3.1", "2025.1.10"]})
    names = [tag.name for tag in listed().repositories["public/a"]]
    assert names == ["latest", "2025.1.10", "2025.1.9", "2024.3.1"]


def test_a_company_sees_only_what_its_entitlements_cover(registry):
    holds(registry, {"public/a": ["1"], "publicx/b": ["1"], "internal/c": ["1"]})
    assert list(listed().covered_by(["public/*"]).repositories) == ["public/a"]
    assert list(listed().covered_by([]).repositories) == []


def test_a_repository_without_tags_is_not_listed(registry):
    holds(registry, {"public/empty": []})
    assert listed().repositories == {}


def test_within_a_minute_the_registry_is_asked_once(registry):
    holds(registry, {"public/a": ["1"]})
    with time_machine.travel(NOON, tick=False) as clock:
        listed()
        asked = len(registry.calls)
        clock.shift(timedelta(seconds=59))
        assert listed().seen_at == NOON
        assert len(registry.calls) == asked
        clock.shift(timedelta(seconds=1))
        assert listed().seen_at == NOON + timedelta(minutes=1)


def test_contents_that_are_known_are_not_asked_for_again(registry):
    holds(registry, {"public/a": ["1", "2"]})
    with time_machine.travel(NOON, tick=False) as clock:
        listed()
        clock.shift(timedelta(minutes=2))
        listed()
    manifests = [
        c for c in registry.calls if c.request.method == "GET" and "/manifests/" in c.request.url
    ]
    assert len(manifests) == 2


def test_a_registry_that_is_away_leaves_what_was_last_known(registry):
    holds(registry, {"public/a": ["1"]})
    with time_machine.travel(NOON, tick=False) as clock:
        listed()
        registry.reset()
        clock.shift(timedelta(minutes=2))
        found = listed()
    assert found.is_away
    assert found.seen_at == NOON
    assert list(found.repositories) == ["public/a"]


def test_a_registry_that_is_away_is_not_waited_for_by_everybody(registry):
    with time_machine.travel(NOON, tick=False):
        assert listed().is_away
        asked = len(registry.calls)
        assert listed().is_away
        assert len(registry.calls) == asked


def test_a_manifest_that_cannot_be_read_leaves_its_tag(registry):
    holds(registry, {"public/a": ["1"]})
    registry.replace("GET", f"{BASE}/v2/public/a/manifests/{digest_of(1)}", body=b"{")
    (tag,) = listed().repositories["public/a"]
    assert tag.content is None


def test_contents_that_take_too_long_follow_the_next_time(registry):
    holds(registry, {"public/a": ["1"]})
    known = catalog.refresh(catalog.Listing(), sign=lambda access: "a grant", seconds=0)
    assert known.repositories["public/a"][0].content is None
    fuller = catalog.refresh(known, sign=lambda access: "a grant", seconds=5)
    assert fuller.repositories["public/a"][0].content.size == 1001


def test_one_process_at_a_time_asks(registry, monkeypatch):
    holds(registry, {"public/a": ["1"]})
    asked_within = []

    def while_asking(access):
        asked_within.append(listed())
        monkeypatch.undo()
        return "a grant"

    found = catalog.listing(sign=while_asking)
    assert asked_within[0].repositories == {}
    assert list(found.repositories) == ["public/a"]
