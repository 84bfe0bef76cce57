"""How long do back-up, restore and a start take? ``python -m bench.restore``.

Beside a plain copy of the same file in the same run, because disks differ.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import servers
from tests.stack import ROOT

SIZES = {"large": (100_000, 1_000_000)}  # tokens and events
REVOKED = 10_000  # since the back-up
ALLOWED = 300  # seconds that a restore may take
WITHIN = 1800  # seconds


def revoke(count: int) -> None:
    """Revokes tokens of the company, as an operator does with all of a person."""
    from tokens.actions import tokens
    from tokens.models import CONSOLE, Company, Token

    company = Company.objects.get()
    keys = list(Token.objects.live().values_list("pk", flat=True)[:count])
    tokens.revoke_all(Token.objects.filter(pk__in=keys), company=company, by=CONSOLE)


def replay(count: int) -> None:
    """Prints how long a start takes to find that nothing is to be done about so many entries."""
    from tokens.management import replaying

    begun = time.perf_counter()
    replayed, found = replaying.replay()
    assert len(found.committed) >= count
    assert not +replayed.done
    print(time.perf_counter() - begun)


def alive() -> None:
    """Prints how many of the tokens that were revoked since the back-up are live."""
    from django.conf import settings

    from tokens import journal
    from tokens.models import Token

    entries = journal.read(settings.REVOCATION_JOURNAL).committed
    names = [entry.object_id for entry in entries]
    print(sum(Token.objects.live().filter(username=name).exists() for name in names))


def seconds(do: Callable[[], object]) -> float:
    begun = time.perf_counter()
    do()
    return time.perf_counter() - begun


def copy(source: Path, target: Path) -> None:
    """Until the disk has it."""
    target.write_bytes(source.read_bytes())
    descriptor = os.open(target, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def measure(name: str, folder: Path, **settings: str) -> bool:
    """Says how long each took; whether that was short enough, and no revoked token lives."""
    folder.mkdir()
    env = servers.environment(folder, **settings)

    def manage(*arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=env, timeout=WITHIN, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    servers.call("bench.company.fill", SIZES, str(folder), env=env)
    file = folder / "backup"
    backed_up = seconds(lambda: manage("backup", str(file)))
    servers.call("bench.restore.revoke", REVOKED, env=env)
    copied = seconds(lambda: copy(file, folder / "copy"))
    restored = seconds(lambda: manage("restore", "--replace", str(file)))
    replayed = float(servers.call("bench.restore.replay", REVOKED, env=env))
    lives = int(servers.call("bench.restore.alive", env=env))
    print(
        f"{name}: {file.stat().st_size // 10**6:,} MB. Copied in {copied:.1f} s, backed up in"
        f" {backed_up:.1f} s ({backed_up / copied:.1f}), restored in {restored:.1f} s"
        f" ({restored / copied:.1f}); of {REVOKED:,} tokens revoked since, {lives} live;"
        f" a start reads {REVOKED:,} entries in {replayed:.2f} s",
        flush=True,
    )
    return restored <= ALLOWED and not lives


def main() -> int:
    tokens, events = SIZES["large"]
    print(f"A company with {tokens:,} tokens and {events:,} events:", flush=True)
    with tempfile.TemporaryDirectory(prefix="portal-restore-") as folder:
        outcomes = [
            measure(name, Path(folder) / name, **settings) for name, settings in servers.databases()
        ]
    return 0 if all(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
