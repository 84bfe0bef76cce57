"""Does the scheme of PORTAL_URL decide what a browser is told, and is a .env read?"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
WITHIN = 60  # seconds
PROXY, STRANGER = "10.0.0.1", "203.0.113.7"
FORWARDED = {"X-Forwarded-Proto": "https"}

# What is asked of a portal over https, by a name.
KNOCKS: dict[str, dict[str, Any]] = {
    "https": {"path": "/accounts/login/", "secure": True},
    "http": {"path": "/accounts/login/?next=/tokens/"},
    "proxied": {"path": "/accounts/login/", "peer": PROXY, "headers": FORWARDED},
    "forged": {"path": "/accounts/login/", "peer": STRANGER, "headers": FORWARDED},
    "missing": {"path": "/nothing", "secure": True},
    "locked": {"path": "/tokens/", "secure": True},
    "realm": {"path": "/auth/token", "secure": True},
    "realm on the registry's host": {
        "path": "/auth/token",
        "secure": True,
        "headers": {"Host": "registry.example.com"},
    },
    "alive": {"path": "/livez"},
    "style": {"path": "/static/portal.css", "secure": True},
}


def own_environment(folder: Path, **given: str) -> dict[str, str]:
    """An environment with nothing of this run's."""
    return {"PATH": os.environ["PATH"], "VAR_DIR": str(folder)} | given


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What a portal at an https address answers."""
    environment = own_environment(
        tmp_path_factory.mktemp("https"),
        DJANGO_SETTINGS_MODULE="portal.settings",
        SECRET_KEY="x" * 60,
        PORTAL_URL="https://portal.example.com",
        REGISTRY_HOST="registry.example.com",
        TRUSTED_PROXIES="10.0.0.0/8",
        HOST="portal.example.com",
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.roof.knock"],
        cwd=ROOT,
        env=environment,
        input=json.dumps([{"headers": {}} | knock for knock in KNOCKS.values()]),
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(KNOCKS, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("name", ["https", "proxied", "missing", "locked", "realm", "style"])
def test_over_https_every_answer_asks_for_https_from_now_on(
    name: str, answers: dict[str, dict[str, Any]]
) -> None:
    transport = answers[name]["headers"]["Strict-Transport-Security"]
    assert transport == "max-age=31536000; includeSubDomains; preload"


@pytest.mark.parametrize("name", ["http", "forged"])
def test_over_http_people_are_sent_to_https(name: str, answers: dict[str, dict[str, Any]]) -> None:
    answer = answers[name]
    assert answer["status"] == 301
    assert answer["headers"]["Location"].startswith("https://portal.example.com/accounts/login/")
    assert "Strict-Transport-Security" not in answer["headers"]
    assert answer["headers"]["Content-Security-Policy"].startswith("default-src 'none'")


def test_over_http_machines_are_answered_where_they_knock(
    answers: dict[str, dict[str, Any]],
) -> None:
    assert answers["alive"]["status"] == 200
    assert answers["realm"]["status"] == 401
    assert answers["realm on the registry's host"]["status"] == 401


def test_a_proxy_that_is_trusted_is_believed_that_it_was_https(
    answers: dict[str, dict[str, Any]],
) -> None:
    assert answers["proxied"]["status"] == 200


def test_cookies_over_https_are_bound_to_the_host(answers: dict[str, dict[str, Any]]) -> None:
    (name, cookie), *others = answers["https"]["cookies"].items()
    assert not others
    assert name == "__Host-csrf"
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]


@pytest.mark.parametrize(
    ("address", "facts"),
    [
        ("https://portal.example.com", ["__Host-session", True, True, "Lax", None, "/"]),
        ("http://portal.example.com", ["session", False, True, "Lax", None, "/"]),
    ],
)
def test_the_cookie_of_a_session_follows_the_scheme(
    address: str, facts: list[object], tmp_path: Path
) -> None:
    names = ("NAME", "SECURE", "HTTPONLY", "SAMESITE", "DOMAIN", "PATH")
    code = (
        "import json; from django.conf import settings;"
        f"print(json.dumps([getattr(settings, f'SESSION_COOKIE_{{n}}') for n in {names}]))"
    )
    environment = own_environment(
        tmp_path,
        DJANGO_SETTINGS_MODULE="portal.settings",
        SECRET_KEY="x" * 60,
        PORTAL_URL=address,
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )
    assert json.loads(done.stdout) == facts, done.stderr


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The portal where no .env lies beside manage.py."""
    folder = tmp_path_factory.mktemp("checkout")
    for part in ("portal", "tokens", "templates", "static"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "manage.py", folder)
    return folder


def check(checkout: Path, **given: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(checkout / "manage.py"), "check"],
        env=own_environment(checkout / "var", **given),
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )


def test_without_a_key_the_portal_does_not_start(checkout: Path) -> None:
    done = check(checkout)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "SECRET_KEY" in line
    assert not done.stdout


def test_a_file_beside_the_portal_is_read_and_the_environment_wins(checkout: Path) -> None:
    key = "x" * 60
    file = checkout / ".env"
    file.write_text(f"SECRET_KEY={key}\nPORTAL_URL=of the file\n")
    try:
        wrong = check(checkout)
        right = check(checkout, PORTAL_URL="https://portal.example.com")
    finally:
        file.unlink()
    assert "'of the file' is no address" in wrong.stderr
    assert right.returncode == 0, right.stderr


def test_a_setting_may_stand_in_a_file_of_its_own(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("x" * 60 + "\n")
    (tmp_path / "url").write_text("of the file\n")
    key = {"SECRET_KEY_FILE": str(tmp_path / "key")}
    assert check(checkout, **key).returncode == 0
    done = check(checkout, **key, PORTAL_URL_FILE=str(tmp_path / "url"))
    assert "'of the file' is no address" in done.stderr
