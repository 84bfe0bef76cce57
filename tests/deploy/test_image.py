"""Is the image small, closed and able to stop?"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from portal import gunicorn
from tests.deploy.files import ROOT, instructions, settings_that_are_read

WITHIN = 60  # seconds


def environment():
    return dict(pair.split("=", 1) for line in instructions("ENV ") for pair in line.split())


def test_it_runs_as_nobody_by_number():
    assert instructions("USER ")[-1] == "10001:10001"


def test_packages_are_those_of_the_lock_and_nothing_is_compiled():
    (install,) = (line for line in instructions("RUN ") if "pip install" in line)
    assert "--require-hashes" in install
    assert "--only-binary :all:" in install
    assert install.endswith("requirements.lock")


def test_another_base_can_be_named():
    assert instructions("ARG ") == ["PYTHON_IMAGE=python:3.13-slim"]
    assert {line.split()[0] for line in instructions("FROM ")} == {"${PYTHON_IMAGE}"}


def test_no_secret_is_left_in_it():
    assert not [name for name in environment() if re.search("SECRET|KEY|PASSWORD", name)]


def test_its_environment_sets_what_the_portal_reads():
    ours = {name for name in environment() if not name.startswith(("PATH", "PYTHON"))}
    assert ours <= settings_that_are_read()


@pytest.mark.parametrize("instruction", ["CMD ", "HEALTHCHECK "])
def test_no_shell_stands_between_the_engine_and_python(instruction):
    command = json.loads(re.search(r"\[.*\]", instructions(instruction)[-1])[0])
    assert command[0] == "python"


def test_its_health_check_asks_where_it_listens():
    asked = re.search(r"http://[^']+", instructions("HEALTHCHECK ")[0])[0]
    assert urlsplit(asked).path == "/livez"
    assert environment()["BIND"] == f"0.0.0.0:{urlsplit(asked).port}"
    assert instructions("EXPOSE ") == [str(urlsplit(asked).port)]


def test_it_stops_before_the_engine_loses_patience():
    assert gunicorn.graceful_timeout == 25


def test_it_holds_every_folder_that_the_settings_name():
    copied = {line.split()[0] for line in instructions("COPY ")}
    taken = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    folders = [*settings.TEMPLATES[0]["DIRS"], *settings.STATICFILES_DIRS, *settings.LOCALE_PATHS]
    needed = {Path(folder).relative_to(ROOT).parts[0] for folder in folders}
    needed |= {settings.ROOT_URLCONF.split(".")[0], "tokens", "manage.py"}
    assert needed <= copied
    assert copied - {"--from=packages"} == taken


def test_fresh_secrets_are_files_that_others_on_the_host_cannot_reach(tmp_path):
    script = tmp_path / "deploy" / "new-secrets"
    script.parent.mkdir()
    script.write_text((ROOT / "deploy" / "new-secrets").read_text())
    subprocess.run(["bash", str(script)], check=True, timeout=WITHIN, stdout=subprocess.DEVNULL)
    folder = tmp_path / "secrets"
    first = {file.name: file.read_text() for file in folder.iterdir()}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert f":{first['database_password'].strip()}@postgres/" in first["database_url"]
    assert len(first["secret_key"].strip()) == 64
    # Keys that are in use are never overwritten.
    done = subprocess.run(["bash", str(script)], timeout=WITHIN, capture_output=True, check=True)
    assert done.stdout == b""
    assert {file.name: file.read_text() for file in folder.iterdir()} == first


def test_what_comes_before_the_start_can_be_run_again(tmp_path):
    """deploy/prepare on SQLite, with folders of its own: an authority is made once, and trusted."""
    registry = tmp_path / "registry"
    registry.mkdir()
    text = (ROOT / "deploy" / "prepare").read_text()
    script = tmp_path / "prepare"
    script.write_text(text.replace("registry=/etc/registry", f"registry={registry}"))
    given = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "VAR_DIR": str(tmp_path / "var"),
        "SECRET_KEY": "x" * 60,
        "PORTAL_URL": "https://portal.example.com",
        "REGISTRY_HOST": "Registry.example.com",
    }
    for times in (1, 2):
        done = subprocess.run(
            ["sh", str(script)], cwd=ROOT, env=given, timeout=WITHIN, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert (registry / "authorities.crt").read_text().count("BEGIN CERTIFICATE") == times
        token = json.loads((registry / "config.yml").read_text())["auth"]["token"]
        assert token["realm"] == "https://registry.example.com/auth/token"
        assert token["rootcertbundle"] == str(registry / "authorities.crt")
        # A second authority beside the first.
        (tmp_path / "var" / "2027.crt").write_bytes((tmp_path / "var" / "ca.crt").read_bytes())
