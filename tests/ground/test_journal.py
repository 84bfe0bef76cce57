"""Is what was written to the journal read again, whatever became of its files?"""

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.stack import ROOT
from tokens import journal


def event(number: int, **fields: object) -> dict[str, object]:
    """A line as the trail writes it."""
    return {
        "company": "acme",
        "sequence": number,
        "at": f"2026-05-04T12:00:{number:02}.000000Z",
        "actor": {"kind": "person", "id": "7", "name": "Bram"},
        "action": "token.revoked",
        "object": {"kind": "token", "id": f"acme-{number}", "name": "Ünïcode"},
        "details": {"reason": "It was lost"},
        "hash": f"hash {number}",
        **fields,
    }


def committed(folder: Path) -> list[str]:
    return [entry.hash for entry in journal.read(folder).committed]


def test_what_was_confirmed_is_committed_and_what_was_not_is_begun(tmp_path: Path) -> None:
    journal.append(tmp_path, [event(1), event(2)])
    journal.confirm(tmp_path, ["hash 2"])
    found = journal.read(tmp_path)
    assert [entry.hash for entry in found.committed] == ["hash 2"]
    assert [entry.hash for entry in found.begun] == ["hash 1"]
    assert not found.garbled


def test_an_entry_says_what_was_done_by_whom_and_why(tmp_path: Path) -> None:
    journal.append(tmp_path, [event(1), event(2, details={})])
    first, second = journal.read(tmp_path).begun
    assert (first.action, first.company, first.object_id) == ("token.revoked", "acme", "acme-1")
    assert first.actor["name"] == "Bram"
    assert first.time.isoformat() == "2026-05-04T12:00:01+00:00"
    assert (first.reason, second.reason) == ("It was lost", "")
    assert first.line == event(1)


def test_entries_come_by_time_from_whichever_file(tmp_path: Path) -> None:
    for name, number in (("a", 3), ("b", 1), ("c", 2)):
        lines = [event(number), {"committed": [f"hash {number}"]}]
        (tmp_path / f"{name}.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert committed(tmp_path) == ["hash 1", "hash 2", "hash 3"]


def test_a_line_may_be_confirmed_by_another_process_and_twice(tmp_path: Path) -> None:
    journal.append(tmp_path, [event(1)])
    (tmp_path / "other.jsonl").write_text('{"committed": ["hash 1", "hash 1"]}\n')
    journal.confirm(tmp_path, ["hash 1"])
    assert committed(tmp_path) == ["hash 1"]


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        journal.append(tmp_path, [event(1)])
    finally:
        os.umask(before)
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_process_writes_to_one_file_and_another_to_its_own(tmp_path: Path) -> None:
    journal.append(tmp_path, [event(1)])
    journal.append(tmp_path, [event(2)])
    assert len(list(tmp_path.iterdir())) == 1
    folder = f"Path({str(tmp_path)!r})"
    code = f"from pathlib import Path; from tokens import journal; journal.confirm({folder}, [])"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=30)
    assert len(list(tmp_path.iterdir())) == 2


def test_lines_are_on_disk_before_it_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Path] = []
    lines: list[int] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        flushed.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        lines.append(sum(file.read_bytes().count(b"\n") for file in tmp_path.iterdir()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    journal.append(tmp_path, [event(1)])
    journal.append(tmp_path, [event(2)])
    (file,) = tmp_path.iterdir()
    # The folder too, once: before that a new file has no name.
    assert flushed == [file, tmp_path, file]
    assert lines == [1, 1, 2]


def test_nothing_is_left_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    journal.append(tmp_path, [event(1)])
    journal.append(tmp_path, [event(2)])
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_threads_do_not_write_into_each_others_lines(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as crowd:
        for number in range(50):
            crowd.submit(journal.append, tmp_path, [event(number, details={"long": "x" * 9000})])
    found = journal.read(tmp_path)
    assert len(found.begun) == 50
    assert not found.garbled


GARBLED = [
    b'{"company": "ac',
    b"\x00\x00\x00\x00",
    b"\xff\xfe",
    b"",
    b"null",
    b"[1]",
    b'"text"',
    b'{"committed": 7}',
    b'{"committed": [[]]}',
    b"[" * 100_000,
    *(
        json.dumps({k: v for k, v in event(7).items() if k != missing}).encode()
        for missing in ("company", "sequence", "at", "action", "object", "hash")
    ),
    *(
        json.dumps(event(7, **{name: value})).encode()
        for name, value in {
            "company": 7,
            "sequence": "7",
            "at": None,
            "object": "acme-7",
            "hash": [],
            "actor": "Bram",
            "details": [],
        }.items()
    ),
    json.dumps(event(7, at="yesterday")).encode(),
    json.dumps(event(7, at="2026-05-04T12:00:07")).encode(),
]


@pytest.mark.parametrize("line", GARBLED, ids=lambda line: line[:40])
def test_a_garbled_line_is_told_and_the_others_are_read(tmp_path: Path, line: bytes) -> None:
    sound = [json.dumps(one).encode() for one in (event(1), {"committed": ["hash 1"]})]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join([sound[0], line, sound[1], b""]))
    assert committed(tmp_path) == ["hash 1"]
    assert journal.read(tmp_path).garbled == ["a.jsonl, line 2"]


@pytest.mark.parametrize("kept", range(1, 60))
def test_a_last_line_that_is_there_in_part_is_told(tmp_path: Path, kept: int) -> None:
    sound = "".join(json.dumps(one) + "\n" for one in (event(1), {"committed": ["hash 1"]}))
    (tmp_path / "a.jsonl").write_text(sound + json.dumps(event(2))[:kept])
    found = journal.read(tmp_path)
    assert [entry.hash for entry in found.committed] == ["hash 1"]
    assert found.garbled == ["a.jsonl, line 3"]


def test_nothing_is_written_behind_a_line_that_was_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the disk was full for a moment."""
    journal.append(tmp_path, [event(1)])
    (file,) = tmp_path.iterdir()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(journal.Unwritable, match="No space left on device"):
            journal.append(tmp_path, [event(2)])
    with file.open("ab") as stream:
        stream.truncate(file.stat().st_size - 10)
    journal.append(tmp_path, [event(3)])
    found = journal.read(tmp_path)
    assert [entry.sequence for entry in found.begun] == [1, 3]
    assert len(found.garbled) == 1


def test_a_line_is_written_as_people_read_it(tmp_path: Path) -> None:
    journal.append(tmp_path, [event(1)])
    (file,) = tmp_path.iterdir()
    assert "Ünïcode" in file.read_text(encoding="utf-8")


def test_where_there_is_no_folder_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(journal.Unwritable, match=r"\.jsonl: No such file or directory"):
        journal.append(tmp_path / "nowhere", [event(1)])


def test_other_files_in_the_folder_are_none_of_its_business(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "README").write_text("This is no line.\n")
    assert journal.read(tmp_path) == journal.Found()
