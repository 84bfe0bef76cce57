"""What the operators' monitoring asks for."""

import pytest

from tests.factories import request_token

SECRET = {"Authorization": "Bearer only-the-monitoring-knows"}


def value(text, name):
    """The value of a metric in the exposition, 0 where it has not been counted yet."""
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return next((float(number) for metric, _, number in lines if metric == name), 0.0)


def test_answers_are_counted_by_outcome_and_without_a_name(client, cast):
    token, secret = request_token(cast.bram)
    granted, refused = (
        f'portal_realm_answers_total{{outcome="{o}"}}' for o in ("granted", "malformed_credentials")
    )
    before = client.get("/metrics", headers=SECRET).text
    basic = client.get("/auth/token", headers=_basic(token.username, secret))
    assert basic.status_code == 200
    client.get("/auth/token", headers=_basic(token.username, secret[:-1]))
    after = client.get("/metrics", headers=SECRET).text
    assert value(after, granted) == value(before, granted) + 1
    assert value(after, refused) == value(before, refused) + 1
    assert value(after, "portal_realm_seconds_count") > value(before, "portal_realm_seconds_count")
    assert "acme" not in after


def test_the_ends_of_leaf_and_authority_are_told(client, db):
    client.get("/readyz")
    text = client.get("/metrics", headers=SECRET).text
    leaf, authority = (
        value(text, f"portal_{name}_expires_timestamp_seconds") for name in ("leaf", "authority")
    )
    assert 0 < leaf < authority


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer other"}])
def test_anybody_else_is_refused(client, db, header):
    answer = client.get("/metrics", headers=header)
    assert answer.status_code == 401
    assert "portal_realm" not in answer.text


def test_nobody_reads_them_where_no_secret_is_set(client, db, settings):
    settings.METRICS_SECRET = ""
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401


def _basic(username, secret):
    from base64 import b64encode

    return {"Authorization": "Basic " + b64encode(f"{username}:{secret}".encode()).decode()}
