"""What does the registry tell of pulls?"""

import json

import pytest

from tokens.registry.notifications import Malformed, Pulled, pulls


def event(**changes):
    """A pull as the registry tells it, with parts of it changed by their dotted names."""
    told = {
        "id": "3f7c1d2e-0000-4000-8000-000000000001",
        "timestamp": "2026-11-25T10:00:00Z",
        "action": "pull",
        "target": {
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "digest": "sha256:" + "a" * 64,
            "repository": "public/universal",
            "tag": "2025.1.10",
        },
        "request": {"addr": "203.0.113.7:41000", "method": "GET", "useragent": "docker/20"},
        "actor": {"name": "acme-abcdefgh"},
    }
    for path, value in changes.items():
        *holders, name = path.split("__")
        place = told
        for holder in holders:
            place = place[holder]
        place[name] = value
    return told


def told(*events):
    return list(pulls(json.dumps({"events": list(events)}).encode()))


def test_a_pull_by_tag_names_token_repository_and_tag():
    assert told(event()) == [
        Pulled(
            "3f7c1d2e-0000-4000-8000-000000000001",
            "acme-abcdefgh",
            "public/universal",
            "2025.1.10",
        )
    ]


def test_a_pull_by_digest_names_the_digest():
    assert told(event(target__tag=""))[0].reference == "sha256:" + "a" * 64


def test_several_events_in_one_envelope_are_all_told():
    assert len(told(event(id="one"), event(id="two"))) == 2


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"request__method": "HEAD"}, id="HEAD also says pull"),
        pytest.param({"action": "push"}, id="a push"),
        pytest.param({"action": "mount"}, id="a mount"),
        pytest.param({"action": "teleport"}, id="an unknown action"),
        pytest.param({"target__mediaType": "application/octet-stream"}, id="a layer"),
        pytest.param({"id": ""}, id="no id"),
        pytest.param({"id": "x" * 65}, id="a long id"),
        pytest.param({"id": None}, id="an id that is no text"),
        pytest.param({"actor": None}, id="no actor"),
        pytest.param({"actor__name": "x" * 61}, id="an actor with a long name"),
        pytest.param({"actor__name": "a\x00b"}, id="an actor with NUL"),
        pytest.param({"target": []}, id="a target that is no object"),
        pytest.param({"target__repository": "public/../x"}, id="a name that is none"),
        pytest.param({"target__tag": "", "target__digest": ""}, id="neither tag nor digest"),
        pytest.param({"target__tag": "t" * 129}, id="a long tag"),
        pytest.param({"target__tag": "a\x00b"}, id="a tag with NUL"),
        pytest.param({"request": 7}, id="a request that is no object"),
    ],
)
def test_what_is_no_pull_of_a_manifest_is_passed_by(changes):
    assert told(event(**changes), event(id="the next"))[0].id == "the next"


@pytest.mark.parametrize("events", [None, 7, "text", {}])
def test_events_that_are_no_list_are_malformed(events):
    with pytest.raises(Malformed):
        list(pulls(json.dumps({"events": events}).encode()))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"other": []}', b"[" * 100_000]
)
def test_a_body_that_is_no_envelope_is_malformed(body):
    with pytest.raises(Malformed):
        list(pulls(body))


def test_junk_among_the_events_is_passed_by():
    assert len(told(None, 7, "text", [], event())) == 1
