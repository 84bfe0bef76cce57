"""What do the tests with real registries and clients share? A portal, a person, two engines."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.real import engines
from tests.real.clients import CLIENTS, Client, named
from tests.real.matrix import Matrix
from tests.real.printed import Printed, request_token
from tests.stack import Session, Stack

_matrix = pytest.StashKey[Matrix]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_matrix] = Matrix()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if lines := terminalreporter.config.stash.get(_matrix, Matrix()).lines():
        terminalreporter.section("what clients print")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def matrix(request: pytest.FixtureRequest) -> Matrix:
    """What each client printed, shown at the end of the run."""
    return request.config.stash[_matrix]


@pytest.fixture(scope="session")
def stack(stack: Stack) -> Stack:
    """The portal of all tests, where it found a registry."""
    if not stack.images:
        pytest.skip("registry: none can be run here")
    return stack


@pytest.fixture(scope="session")
def person(stack: Stack) -> Session:
    """A member of a customer's company, signed in."""
    return stack.sign_in("bram@acme.example")


@pytest.fixture
def printed(person: Session) -> Printed:
    """The page of a token that was requested for this test."""
    return request_token(person)


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[engines.DockerEngine]:
    with _short_folder() as folder, engines.docker_engine(folder) as engine:
        yield engine


@pytest.fixture(scope="session")
def containerd() -> Iterator[str]:
    with _short_folder() as folder, engines.containerd(folder) as address:
        yield address


@pytest.fixture
def home() -> Iterator[Path]:
    """A client's own folder."""
    with _short_folder() as folder:
        yield folder


@pytest.fixture(params=CLIENTS, ids=named)
def client(request: pytest.FixtureRequest, home: Path, stack: Stack) -> Client:
    """Each client in turn, in a folder of its own."""
    kind = request.param
    engine = request.getfixturevalue(kind.engine) if kind.engine else None
    return kind(home, stack.registry, engine)


@contextmanager
def _short_folder() -> Iterator[Path]:
    """A path shorter than pytest's: those of sockets and of Podman's folders are limited."""
    with TemporaryDirectory(prefix="portal-", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def image(stack: Stack) -> str:
    """An image that customers may pull."""
    assert "public/universal:latest" in stack.images
    return "public/universal:latest"
