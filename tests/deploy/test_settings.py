"""Is every setting documented, and does a wrong one stop the start with a line that names it?"""

import os
import subprocess
import sys

import pytest

from tests.deploy.files import (
    EXAMPLE,
    ONLY_COMPOSE,
    ROOT,
    settings_of_the_example,
    settings_that_are_read,
)

WITHIN = 60  # seconds
PRODUCTION = {
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnop",
    "PORTAL_URL": "https://portal.example.com",
    "REGISTRY_HOST": "registry.example.com",
    "DATABASE_URL": "postgres://portal:password@127.0.0.1/portal",
    "EMAIL_URL": "smtp+tls://portal:password@mail.example.com:587",
}
WRONG = [
    ("SECRET_KEY", ""),
    ("SECRET_KEY_FILE", "/nowhere"),
    ("PORTAL_URL", "portal.example.com"),
    ("PORTAL_URL", "https://portal.example.com/path"),
    ("PORTAL_URL", "https://portal.example.com:port"),
    ("REGISTRY_HOST", "https://registry.example.com"),
    ("REGISTRY_HOST", "registry.example.com:port"),
    ("REGISTRY_URL", "registry:5000"),
    ("REGISTRY_SERVICE", ""),
    ("REGISTRY_ISSUER", ""),
    ("REGISTRY_TOKEN_SECONDS", "a minute"),
    ("REGISTRY_DEFAULT_REPOSITORIES", "public/*,Not A Name"),
    ("SECRET_PREFIX", "a b"),
    ("PORTAL_COLOUR", "teal"),
    ("PORTAL_LOGO", "/nowhere.svg"),
    ("PORTAL_LOGO", "/etc/hostname"),
    ("TRUSTED_PROXIES", "caddy"),
    ("DATABASE_URL", "postgers://portal:password@127.0.0.1/portal"),
    ("DATABASE_URL", "postgres://portal:password@127.0.0.1"),
    ("DATABASE_URL", "sqlite:////proc/nowhere/portal.sqlite3"),
    ("DATABASE_URL_FILE", "/nowhere"),
    ("EMAIL_URL", "mail.example.com"),
    ("EMAIL_FROM", "the portal"),
    ("TIME_ZONE", "Europe/Nowhere"),
    ("VAR_DIR", "/proc/nowhere"),
    ("PORT", "eighty"),
    ("REGISTRY_CA_DAYS", "ten years"),
    ("REVOCATION_CHECK", "perhaps"),
    ("REVOCATION_JOURNAL", "/proc/nowhere"),
    ("USES_KEPT_DAYS", "long"),
    ("PULLS_KEPT_DAYS", "long"),
    ("REFUSALS_KEPT_DAYS", "long"),
    ("REGISTRY_PORT", "fifty"),
]
# Any text is right; or gunicorn reads them; or another process than this check needs them.
NEVER_WRONG = {
    "SECRET_KEY_FALLBACKS",
    "PORTAL_BRAND",
    "DEMO_KEY",
    "STATIC_ROOT",
    "METRICS_SECRET",
    "REGISTRY_EVENTS_SECRET",
    "AUDIT_KEY_FILE",
    "AUDIT_CHECKPOINTS",
}
OF_GUNICORN = {"BIND", "WEB_CONCURRENCY", "REGISTRY_CA_CERT_FILE", "REGISTRY_CA_KEY_FILE"}


def check(tmp_path, *options, **environment):
    own = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)} | PRODUCTION | environment
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "check", *options],
        env=own,
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )


def test_the_example_names_every_setting_and_no_other():
    assert settings_of_the_example() == settings_that_are_read() | ONLY_COMPOSE


def test_the_operators_guide_names_every_setting():
    guide = (ROOT / "docs" / "operating.md").read_text()
    missing = {name for name in settings_of_the_example() if f"`{name}`" not in guide}
    assert not missing


def test_the_example_holds_no_secret_and_sets_only_what_must_be_given():
    given = dict(line.split("=", 1) for line in EXAMPLE.splitlines() if line[:1] not in {"#", ""})
    assert set(given) == {"PORTAL_URL", "REGISTRY_HOST", "TLS"}


def test_every_setting_that_can_be_wrong_is_tried():
    tried = {name.removesuffix("_FILE") for name, value in WRONG}
    assert tried == settings_that_are_read() - NEVER_WRONG - OF_GUNICORN


def test_the_shipped_settings_leave_nothing_to_warn_of(tmp_path):
    done = check(tmp_path, "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda part: part or "empty")
def test_a_wrong_value_stops_the_start_with_one_line_that_names_it(tmp_path, name, value):
    done = check(tmp_path, **{name: value})
    assert done.returncode != 0
    (line,) = done.stderr.splitlines()
    assert name.removesuffix("_FILE") in line
    assert "password" not in line or "portal:password@localhost" in line


def test_a_missing_key_stops_the_start_with_one_line_that_names_it(tmp_path):
    own = PRODUCTION | {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)}
    del own["SECRET_KEY"]
    # Run where no .env lies, as in the image.
    code = "from portal import environment; environment.read('SECRET_KEY')"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=own, capture_output=True, text=True, timeout=60
    )
    (line,) = done.stderr.splitlines()
    assert line.startswith("portal: the setting SECRET_KEY is missing or wrong")


@pytest.mark.parametrize("name", ["REGISTRY_CA_CERT_FILE", "REGISTRY_CA_KEY_FILE"])
def test_a_missing_authority_stops_the_start_with_one_line_that_names_it(tmp_path, name):
    authority = {"VAR_DIR": os.environ["VAR_DIR"], name: str(tmp_path / "nowhere")}
    own = {"PATH": os.environ["PATH"], "BIND": "127.0.0.1:0"} | PRODUCTION | authority
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--config", "python:portal.gunicorn"],
        cwd=ROOT,
        env=own,
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )
    assert done.returncode != 0
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("portal:"))
    assert f"{tmp_path}/nowhere cannot be read" in line
    assert "create_ca" in line


def test_a_value_in_a_file_ends_where_its_last_line_does(tmp_path):
    (tmp_path / "brand").write_text("Acme, containers\n")
    code = (
        "from portal import settings; print([settings.PORTAL_BRAND, settings.DEFAULT_FROM_EMAIL])"
    )
    own = PRODUCTION | {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=own | {"PORTAL_BRAND_FILE": str(tmp_path / "brand")},
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )
    assert done.stdout == (
        "['Acme, containers', '\"Acme, containers\" <no-reply@portal.example.com>']\n"
    ), done.stderr


def test_what_the_address_of_the_database_asks_for_is_kept(tmp_path):
    code = "from portal import settings; print(settings.DATABASES['default']['OPTIONS'])"
    own = PRODUCTION | {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path)}
    own["DATABASE_URL"] += "?sslmode=verify-full"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=own, capture_output=True, text=True, timeout=60
    )
    assert "'sslmode': 'verify-full'" in done.stdout, done.stderr
    assert "'pool'" in done.stdout
    assert "'options': '-c lock_timeout=5s'" in done.stdout
