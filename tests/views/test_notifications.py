"""The registry tells what was pulled."""

import json

import pytest

from tests.factories import request_token
from tokens.models import Pull, noted_pulls

URL = "/registry/events"
SECRET = {"Authorization": "Bearer only-the-registry-knows"}


@pytest.fixture
def token(cast):
    return request_token(cast.bram).token


def pull(token, id_="one", **changes):
    return {
        "id": id_,
        "action": "pull",
        "target": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "repository": "public/universal",
            "tag": "latest",
            "digest": "sha256:" + "a" * 64,
        },
        "request": {"method": "GET", "addr": "203.0.113.7:41000"},
        "actor": {"name": token.username},
    } | changes


def tell(client, *events, line=1, headers=SECRET):
    return client.post(
        URL,
        json.dumps({"events": list(events)}),
        content_type=f"application/vnd.docker.distribution.events.v{line}+json",
        headers=headers,
    )


def counted(token):
    noted_pulls.write_everything()
    return sum(pull.count for pull in Pull.objects.of(token))


@pytest.mark.parametrize("line", [1, 2])
def test_both_lines_of_registries_are_understood(client, token, line):
    assert tell(client, pull(token), line=line).status_code == 200
    assert counted(token) == 1


def test_the_same_event_twice_is_one_pull(client, token):
    tell(client, pull(token))
    tell(client, pull(token))
    assert counted(token) == 1


def test_a_head_is_no_pull(client, token):
    assert tell(client, pull(token, request={"method": "HEAD"})).status_code == 200
    assert counted(token) == 0


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", "Basic only-the-registry-knows", "Bearer é"]
)
def test_anybody_else_is_refused(client, token, header):
    answer = tell(client, pull(token), headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["code"] == "UNAUTHORIZED"
    assert counted(token) == 0


def test_nobody_is_the_registry_where_no_secret_is_set(client, token, settings):
    settings.REGISTRY_EVENTS_SECRET = ""
    assert tell(client, pull(token), headers={"Authorization": "Bearer "}).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="no JSON"),
        pytest.param(b'{"events": 7}', id="no list"),
        pytest.param(b'{"events": "' + b"x" * 3_000_000 + b'"}', id="huge"),
        pytest.param(b'{"events": [{"action": "teleport"}]}', id="an unknown action"),
    ],
)
def test_what_makes_no_sense_is_answered_with_200_and_the_next_one_arrives(client, token, body):
    answer = client.post(URL, body, content_type="application/json", headers=SECRET)
    assert answer.status_code == 200
    tell(client, pull(token))
    assert counted(token) == 1


def test_what_makes_no_sense_leaves_a_log_line(client, caplog):
    client.post(URL, b"{", content_type="application/json", headers=SECRET)
    assert "makes no sense" in caplog.text


def test_other_methods_are_told_which_one_to_use(client):
    answer = client.get(URL, headers=SECRET)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_neither_session_nor_cookie_is_involved(client, token):
    assert not tell(client, pull(token)).cookies


def test_an_answer_does_not_wait_for_the_database(client, token, assert_queries):
    with assert_queries(0):
        tell(client, pull(token))
    assert counted(token) == 1
