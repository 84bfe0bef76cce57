"""Is a signing authority made once, for its owner's eyes only?"""

import stat
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings
from django.utils import timezone

from tokens.registry.authority import Authority


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "keys" / "ca.crt", tmp_path / "keys" / "ca.key"


def create_ca(files: tuple[Path, Path], *options: str) -> str:
    output = StringIO()
    with override_settings(REGISTRY_CA_CERT_FILE=files[0], REGISTRY_CA_KEY_FILE=files[1]):
        call_command("create_ca", *options, stdout=output)
    return output.getvalue()


def test_an_authority_is_made_and_said_where(files: tuple[Path, Path]) -> None:
    printed = create_ca(files)
    assert all(str(file) in printed for file in files)
    authority = Authority.load(*files)
    authority.check(timezone.now())
    authority.check(timezone.now() + timedelta(days=3649))


def test_the_key_is_readable_by_its_owner_and_writable_by_nobody(
    files: tuple[Path, Path],
) -> None:
    create_ca(files)
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o444, 0o400]


def test_it_lasts_as_long_as_was_asked(files: tuple[Path, Path]) -> None:
    create_ca(files, "--days", "30")
    left = Authority.load(*files).expires_at - timezone.now()
    assert timedelta(days=29) < left <= timedelta(days=30)


@pytest.mark.parametrize("kept", [0, 1], ids=["certificate", "key"])
def test_nothing_is_overwritten(kept: int, files: tuple[Path, Path]) -> None:
    create_ca(files)
    files[1 - kept].unlink()
    content = files[kept].read_bytes()
    with pytest.raises(CommandError, match=f"{files[kept]} exists already"):
        create_ca(files)
    assert files[kept].read_bytes() == content
    assert not files[1 - kept].exists()


def test_how_long_it_is_valid_is_a_setting(files: tuple[Path, Path]) -> None:
    with override_settings(REGISTRY_CA_DAYS=20):
        create_ca(files)
    left = Authority.load(*files).expires_at - timezone.now()
    assert timedelta(days=19) < left < timedelta(days=21)
