"""What do all tests share? People of three companies, and browsers that are signed in as them."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test.utils import override_settings
from django.utils import timezone, translation
from hypothesis import HealthCheck, settings

from tests import postgres
from tests import stack as stacks
from tests.client import Client
from tests.factories import Cast
from tests.queries import assert_queries
from tokens import grants
from tokens.actions.sign_ins import noted_attempts
from tokens.models import User, noted_pulls, noted_refusals, noted_uses, throttle

__all__ = ["assert_queries"]

# The same examples at every run; `--hypothesis-profile=explore` looks for new ones, and longer.
# Function-scoped fixtures are meant: examples of one test share its database, which they only read.
for name, choices in {
    "same": {"max_examples": 50, "derandomize": True},
    "explore": {"max_examples": 2000},
}.items():
    calm = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    settings.register_profile(name, deadline=None, suppress_health_check=calm, **choices)
settings.load_profile("same")


@pytest.fixture(scope="session", autouse=True)
def _static_files() -> None:
    """The pages name their style and script by content, as in production."""
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture(autouse=True)
def _fresh_process() -> Iterator[None]:
    """A process that has signed nothing yet, as a start with other settings would be."""
    yield
    for made_once in (grants.authority, grants.signer, grants.verifier):
        made_once.cache_clear()
    for notebook in (noted_uses, noted_refusals, noted_pulls, noted_attempts):
        notebook._notes.clear()
        notebook._written_at.clear()
    throttle._minute = None
    # What a request chose for its reader stays with the thread.
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(autouse=True)
def journal_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A journal of the test's own: those of other tests are of other databases."""
    folder = tmp_path_factory.mktemp("revocations")
    with override_settings(REVOCATION_JOURNAL=folder):
        yield folder


@pytest.fixture
def client() -> Client:
    """A browser in which nobody is signed in, or a machine."""
    return Client()


@pytest.fixture
def argon2() -> None:
    """Hashes passwords as in production, which is slow on purpose: for tests that are about it."""


@pytest.fixture(autouse=True)
def _quick_passwords(request: pytest.FixtureRequest) -> Iterator[None]:
    if "argon2" in request.fixturenames:
        yield
        return
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture
def cast(db: None) -> Cast:
    """The people that the tests are about: see ``tests.factories``."""
    return Cast()


@pytest.fixture
def sign_in(db: None) -> Callable[..., Client]:
    """Makes a browser in which somebody is signed in."""

    def signed_in(person: User, **options: Any) -> Client:
        browser = Client(**options)
        browser.force_login(person)
        return browser

    return signed_in


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stacks.Stack]:
    """A whole running portal with its registry, on the database that the run is about."""
    with ExitStack() as running:
        environment = {}
        if url := os.environ.get("DATABASE_URL"):
            environment["DATABASE_URL"] = running.enter_context(postgres.database_beside(url))
        folder = tmp_path_factory.mktemp("stack")
        yield running.enter_context(stacks.running(folder, **environment))
