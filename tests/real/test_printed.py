"""Is every instruction that the portal prints one that is run here?"""

from pathlib import Path

import pytest

from tests.real.printed import Printed
from tests.stack import Session

pytestmark = pytest.mark.engine

# Which module runs it, or reads it as its client would.
RUN_IN = {
    "docker-login": "test_docker.py",
    "docker-pull": "test_docker.py",
    "swarm-login": "test_swarm.py",
    "swarm-create": "test_swarm.py",
    "swarm-update": "test_swarm.py",
    "kubernetes-command": "test_kubernetes.py",
    "kubernetes-manifest": "test_kubernetes.py",
    "kubernetes-pod": "test_kubernetes.py",
}


def test_every_printed_block_is_tried_with_its_client(printed: Printed) -> None:
    assert printed.blocks.keys() == RUN_IN.keys()
    for block, module in RUN_IN.items():
        assert f'"{block}"' in (Path(__file__).parent / module).read_text()


def test_the_page_of_a_secret_fills_in_what_the_instructions_leave_open(
    printed: Printed, person: Session
) -> None:
    general = Printed(person.get("/instructions/").text).blocks
    own = printed.blocks
    # Only where there is a secret can a file hold it.
    assert own.keys() - general.keys() == {"kubernetes-manifest"}
    for name, text in general.items():
        username = printed.credential.username
        assert text.replace("<token-username>", username) == own[name]


def test_no_printed_command_holds_the_secret(printed: Printed) -> None:
    holding = {name for name, text in printed.blocks.items() if printed.credential.secret in text}
    assert not holding
