"""Does the rehearsal run what an operator is told to run?"""

import re
import runpy

import pytest

from tests.deploy.files import ROOT

REHEARSED = runpy.run_path(str(ROOT / "deploy" / "rehearse" / "commands.py"))
TOLD = (ROOT / "docs" / "operating.md").read_text().replace("$(date +%F)", REHEARSED["DAY"])


@pytest.mark.parametrize("command", REHEARSED["COMMANDS"])
def test_what_is_rehearsed_is_what_is_told(command):
    assert re.search(rf"(^ +|`){re.escape(command)}($|`)", TOLD, re.MULTILINE)


def test_no_command_needs_a_first_container_of_the_portal():
    """Once deploy/roll has replaced it, and with several, there is none of that number."""
    assert not re.findall(r"docker compose exec (?:-T )?portal python", TOLD)
