"""What do the tests of the doors share?"""

import pytest

from tests.factories import Cast, request_token
from tests.views.machine import Machine


@pytest.fixture
def machine(cast: Cast) -> Machine:
    """A machine of Acme, which may pull ``public/*``."""
    return Machine(*request_token(cast.bram))


@pytest.fixture
def pipeline(cast: Cast) -> Machine:
    """A machine of the vendor, whose token may push to ``public/*`` and ``internal/*``."""
    machine = Machine(*request_token(cast.vera))
    machine.change(can_push=True)
    return machine
