"""Do the probes tell the truth, to whoever asks, and whatever is around the process?"""

from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from tests.client import Client
from tokens.models import Message
from tokens.registry import authority


def ask(path, **environ):
    return Client().get(path, **environ)


@pytest.fixture
def authority_files(tmp_path, settings):
    files = tmp_path / "ca.crt", tmp_path / "ca.key"
    settings.REGISTRY_CA_CERT_FILE, settings.REGISTRY_CA_KEY_FILE = files
    return files


def test_a_process_is_alive_as_long_as_it_answers(assert_queries, db):
    with assert_queries(0):
        answer = ask("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_it_is_alive_without_database_and_authority(authority_files, db):
    with connection.execute_wrapper(away(OperationalError)):
        assert ask("/livez").status_code == 200


def test_it_is_ready_with_a_database_that_is_up_to_date_and_an_authority(db):
    answer = ask("/readyz")
    ready = {"database": "ok", "signing": "ok", "registry": "not seen yet"}
    assert (answer.status_code, answer.json()) == (200, ready)


def test_it_says_how_many_mails_cannot_be_sent(cast):
    assert cast.bram
    assert "mails" not in ask("/readyz").json()
    Message.objects.update(created_at=timezone.now() - timedelta(minutes=11))
    answer = ask("/readyz")
    assert (answer.status_code, answer.json()["mails"]) == (200, "1 cannot be sent")


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
def test_it_is_not_ready_without_a_database(db, kind):
    with connection.execute_wrapper(away(kind)):
        answer = ask("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"database": "away", "signing": "ok"})
    assert ask("/readyz").status_code == 200


def test_it_is_not_ready_before_the_migrations(db):
    newest = MigrationLoader(connection).graph.leaf_nodes("tokens")[0]
    MigrationRecorder(connection).record_unapplied(*newest)
    answer = ask("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "migrations are missing"


@pytest.mark.parametrize(("days", "says"), [(2, "ends in 1 day"), (30, "ends in 29 days")])
def test_it_says_when_the_authority_ends_soon(db, authority_files, days, says):
    authority.create(*authority_files, now=timezone.now(), days=days)
    answer = ask("/readyz")
    assert answer.status_code == 200
    assert answer.json()["authority"] == says


@pytest.mark.parametrize(
    ("days", "says"),
    [
        pytest.param(None, "cannot be read: No such file", id="missing"),
        pytest.param(-10, "the signing authority is valid from", id="expired"),
        pytest.param(+10, "the signing authority is valid from", id="not yet valid"),
    ],
)
def test_it_is_not_ready_without_an_authority_that_signs(db, authority_files, days, says):
    if days is not None:
        start = timezone.now() + timedelta(days=days)
        authority.create(*authority_files, now=start, days=1)
    answer = ask("/readyz")
    assert answer.status_code == 503
    assert answer.json()["database"] == "ok"
    assert says in answer.json()["signing"]


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_may_ask_for_the_status_alone(db, path):
    assert Client().head(path).status_code == 200
    assert Client().post(path).status_code == 405


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_need_no_host_no_sign_in_and_no_https(db, path, settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = ask(path, HTTP_HOST="10.1.2.3:8000")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert not answer.cookies


def away(kind):
    def refuse(*_):
        raise kind("connection refused")

    return refuse
