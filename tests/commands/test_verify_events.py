"""Does verify_events find the first broken place, and end with 1 for that alone?"""

import json
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings

from tests.factories import Cast, request_token
from tests.roof.faults import without_database
from tests.tampering import without_triggers
from tokens.management.jobs import keep_checkpoint
from tokens.models import Event

WITHIN = 60  # seconds
Lines = list[dict[str, Any]]


@pytest.fixture
def lines(cast: Cast) -> Lines:
    """The whole trail of two companies, as it is exported."""
    for person in (cast.bram, cast.farid):
        for _ in range(3):
            request_token(person)
    return [event.line() for event in Event.objects.order_by("company", "sequence")]


def verify(*options: str) -> tuple[int, str]:
    """The exit status, and what is printed."""
    output = StringIO()
    try:
        call_command("verify_events", *options, stdout=output)
    except SystemExit as ended:
        return int(ended.code or 0), output.getvalue()
    return 0, output.getvalue()


def exported(lines: Lines, folder: Path) -> str:
    file = folder / "export.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(file)


def change(lines: Lines) -> None:
    lines[2]["actor"]["name"] = "Nobody"


def swap(lines: Lines) -> None:
    lines[1], lines[2] = lines[2], lines[1]


def forge(lines: Lines) -> None:
    lines[2]["previous"] = lines[2]["hash"]


BREAKS: dict[str, tuple[Callable[[Lines], None], str]] = {
    "changed": (change, "broken at line 3: event 3 of acme was changed"),
    "swapped": (swap, "broken at line 3: event 2 stands after event 3"),
    "forged": (forge, "broken at line 3: event 3 of acme was changed"),
}


def test_a_trail_that_holds_is_whole(lines: Lines, tmp_path: Path) -> None:
    expected = (0, f"{len(lines)} events hold, whole: nothing was changed, removed or reordered")
    for options in ((), ("--file", exported(lines, tmp_path))):
        status, printed = verify(*options)
        assert (status, printed[: len(expected[1])]) == expected


def test_an_empty_trail_holds(db: None) -> None:
    assert verify()[0] == 0


@pytest.mark.parametrize("name", BREAKS)
def test_the_first_broken_place_of_a_file_is_named(name: str, lines: Lines, tmp_path: Path) -> None:
    break_it, place = BREAKS[name]
    break_it(lines)
    status, printed = verify("--file", exported(lines, tmp_path))
    assert (status, printed.strip()) == (1, place)


def test_of_a_part_it_says_what_it_proved(lines: Lines, tmp_path: Path) -> None:
    status, printed = verify("--file", exported(lines[1:4], tmp_path))
    assert (status, "contiguous" in printed) == (0, True)
    status, printed = verify("--file", exported(lines[:2] + lines[3:], tmp_path))
    assert (status, "line by line" in printed) == (0, True)


def test_a_tail_that_is_cut_shows_against_the_head(lines: Lines, tmp_path: Path) -> None:
    head = lines[-1]["hash"]
    assert verify("--head", head)[0] == 0
    assert verify("--file", exported(lines, tmp_path), "--head", head)[0] == 0
    status, printed = verify("--file", exported(lines[:-1], tmp_path), "--head", head)
    assert status == 1
    assert printed.startswith(f"broken at line {len(lines)}: ")
    assert "the tail is cut" in printed
    assert verify("--head", lines[0]["hash"])[0] == 1


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        (
            "UPDATE tokens_event SET actor_name = 'x' WHERE company = 'acme' AND sequence = 2",
            "line 2: event 2 of acme was changed",
        ),
        (
            "UPDATE tokens_event SET details = '{\"a\": 1}'"
            " WHERE company = 'globex' AND sequence = 1",
            "event 1 of globex was changed",
        ),
        (
            "DELETE FROM tokens_event WHERE company = 'acme' AND sequence = 3",
            "line 3: event 3 is missing",
        ),
        (
            "DELETE FROM tokens_event WHERE company = 'acme' AND sequence = 1",
            "line 1: event 1 of acme is missing",
        ),
    ],
)
def test_an_edit_past_the_triggers_is_found(edit: str, place: str, lines: Lines) -> None:
    without_triggers(edit)
    status, printed = verify()
    assert status == 1
    assert printed.strip().endswith(place)


def test_what_cannot_be_checked_is_not_called_broken(db: None, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refusal:
        verify("--file", str(tmp_path / "nowhere.jsonl"))
    assert refusal.value.returncode == 2
    with without_database(), pytest.raises(CommandError) as refusal:
        verify()
    assert refusal.value.returncode == 2


@pytest.mark.parametrize(("name", "status"), [("whole", 0), ("broken", 1), ("missing", 2)])
def test_the_exit_status_tells_them_apart(
    name: str, status: int, lines: Lines, tmp_path: Path
) -> None:
    if name == "broken":
        change(lines)
    file = exported(lines, tmp_path)
    if name == "missing":
        Path(file).unlink()
    done = subprocess.run(
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "verify_events", "--file", file],
        capture_output=True,
        text=True,
        timeout=WITHIN,
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert (done.stdout.strip() == BREAKS["changed"][1]) == (name == "broken")


class Checkpoints:
    """What a job wrote while the trail was still whole, with the keys as openssl makes them."""

    def __init__(self, folder: Path) -> None:
        self.key, self.public, self.file = (
            folder / name for name in ("audit.key", "audit.pub", "checkpoints.jsonl")
        )
        self._openssl("genpkey", "-algorithm", "ed25519", "-out", str(self.key))
        self._openssl("pkey", "-in", str(self.key), "-pubout", "-out", str(self.public))
        with override_settings(AUDIT_KEY_FILE=str(self.key), AUDIT_CHECKPOINTS=str(self.file)):
            keep_checkpoint()

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], check=True, timeout=WITHIN)

    @property
    def options(self) -> tuple[str, ...]:
        return ("--checkpoints", str(self.file), "--key", str(self.public))


@pytest.fixture
def kept(lines: Lines, tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path)


def test_a_trail_that_reaches_its_checkpoints_holds(
    kept: Checkpoints, lines: Lines, tmp_path: Path
) -> None:
    assert verify(*kept.options)[0] == 0
    assert verify("--file", exported(lines, tmp_path), *kept.options)[0] == 0


def test_the_portals_own_key_proves_too(kept: Checkpoints) -> None:
    with override_settings(AUDIT_KEY_FILE=str(kept.key)):
        assert verify("--checkpoints", str(kept.file))[0] == 0


def test_a_tail_that_was_cut_is_found_by_a_checkpoint(
    kept: Checkpoints, lines: Lines, tmp_path: Path
) -> None:
    file = exported(lines[:-1], tmp_path)
    assert verify("--file", file)[0] == 0
    status, printed = verify("--file", file, *kept.options)
    assert status == 1
    assert printed.startswith(f"broken at line {len(lines)}: event ")
    assert printed.endswith(" of globex is missing: the tail is cut\n")


def test_what_cannot_be_proved_ends_with_2(kept: Checkpoints) -> None:
    for options, says in (
        (("--checkpoints", str(kept.file)), "name the public key with --key"),
        (("--checkpoints", str(kept.key), "--key", str(kept.public)), "checkpoint 1 is none"),
        ((*kept.options[:3], str(kept.file)), "holds no public key in PEM"),
        (("--checkpoints", "nothing.jsonl", "--key", str(kept.public)), "No such file"),
    ):
        with pytest.raises(CommandError, match=says) as refused:
            verify(*options)
        assert refused.value.returncode == 2
