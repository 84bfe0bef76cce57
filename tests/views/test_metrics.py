"""What the operators' monitoring asks for."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import PASSWORD, request_token
from tests.roof.faults import without_database
from tests.stack import ROOT
from tokens.actions.sign_ins import noted_attempts
from tokens.models import Message

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


def test_mails_that_cannot_be_sent_are_counted(client, cast):
    assert cast.bram
    for minutes, stuck in ((9, 0), (11, 1)):
        Message.objects.update(created_at=timezone.now() - timedelta(minutes=minutes))
        text = client.get("/metrics", headers=SECRET).text
        assert value(text, "portal_messages_stuck") == stuck


def test_without_the_database_the_rest_is_told(client, db):
    with without_database():
        answer = client.get("/metrics", headers=SECRET)
    assert answer.status_code == 200
    assert "portal_realm_answers_total" in answer.text


def test_sign_ins_are_counted_without_a_name(client, cast):
    form = {"login": cast.bram.email, "password": "wrong"}
    client.post("/accounts/login/", form)
    client.post("/accounts/login/", form | {"password": PASSWORD})
    noted_attempts.write_everything()
    text = client.get("/metrics", headers=SECRET).text
    for outcome in ("signed_in", "failed"):
        assert value(text, f'portal_sign_ins_total{{outcome="{outcome}"}}') > 0
    assert "@" not in text


def test_what_other_processes_have_counted_is_told(client, db, tmp_path, monkeypatch):
    code = "from tokens import metrics; metrics.count_realm('granted', seconds=1)"
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    text = client.get("/metrics", headers=SECRET).text
    assert value(text, 'portal_realm_answers_total{outcome="granted"}') == 2


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
