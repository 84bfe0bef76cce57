"""Would the search for a secret find it, whatever it were hidden in?"""

import base64
import gzip
import json
import secrets
import zlib
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.canary import AT_ONCE, Canaries, Canary
from tokens import credentials

SECRET = credentials.mint_secret("twc_")
# Not among what a secret of ours is made of, so that each encoding differs from the raw one.
ODD = 'a"b/c\\d=e+f g'
NOISE = bytes(range(256)) * 40
OTHERS = [f"twc_{secrets.token_hex(18)}" for _ in range(50)]


def in_base64(offset: int) -> bytes:
    return base64.b64encode(b"u:acme-7f3k9q2m:"[: 3 + offset] + SECRET.encode() + b"\n}")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("raw", SECRET.encode()),
        ("UTF-16", SECRET.encode("utf-16")),
        ("base64", in_base64(0)),
        ("base64", in_base64(1)),
        ("base64", in_base64(2)),
        ("base64 of URLs", base64.urlsafe_b64encode(b"?>" + SECRET.encode())),
        ("URL, every", "".join(f"%{ord(c):02X}" for c in SECRET).encode()),
        ("JSON, every", "".join(f"\\u{ord(c):04x}" for c in SECRET).encode()),
        ("hex", SECRET.encode().hex().encode()),
        ("hex", SECRET.encode().hex().upper().encode()),
    ],
)
def test_each_spelling_is_found_in_a_file(name: str, written: bytes, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(NOISE + written + NOISE)
    found = Canary(SECRET).below(tmp_path)
    assert any(f"file: {name}" in place for place in found), found


@pytest.mark.parametrize("encode", [partial(quote, safe=""), json.dumps], ids=["URL", "JSON"])
def test_what_an_encoding_changes_is_found_in_it(encode, tmp_path: Path) -> None:
    (tmp_path / "file").write_text(f"q={encode(ODD)}&", encoding="utf-8")
    assert Canary(ODD).below(tmp_path)


def test_what_lies_across_two_parts_of_a_large_file_is_found(tmp_path: Path) -> None:
    before = b"x" * (AT_ONCE - 10)
    (tmp_path / "file").write_bytes(before + SECRET.encode() + b"x" * AT_ONCE)
    assert Canary(SECRET).below(tmp_path) == [f"{tmp_path}/file: raw"]


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress])
def test_what_is_packed_is_found(pack, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(NOISE + pack(NOISE + SECRET.encode()))
    assert Canary(SECRET).below(tmp_path) == [f"{tmp_path}/file: raw"]


def test_one_of_several_is_found_in_a_text_by_its_name() -> None:
    canary = Canary(SECRET, ODD)
    assert canary.in_texts({"log": f"in {SECRET}", "metrics": "none"}) == ["log: raw"]


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(NOISE + credentials.mint_secret("twc_").encode())
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert Canary(SECRET).below(tmp_path) == []


@pytest.mark.parametrize(
    "written",
    [
        SECRET.encode(),
        SECRET.encode().hex().encode(),
        base64.b64encode(SECRET.encode()),
        base64.b64encode(f"acme-laptop22:{SECRET}".encode()),
        base64.b64encode(f"acme-laptop2:{SECRET}\n".encode()),
        quote(f"secret={SECRET}&x=ü").encode(),
        json.dumps({"secret": SECRET}).encode(),
    ],
    ids=["raw", "hex", "base64", "basic", "basic with a line", "url", "json"],
)
def test_it_is_found_among_many(written: bytes, tmp_path: Path) -> None:
    (tmp_path / "clean").write_bytes(b"\0" * 100 + SECRET[:30].encode() + b"\0")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "dirty").write_bytes(b"\0\xff" * 5000 + written + b"\n")
    found = Canaries([*OTHERS, SECRET]).files_below(tmp_path)
    assert [file.name for file in found] == ["dirty"]


def test_another_secret_is_not_found() -> None:
    assert not Canaries(OTHERS).are_in(f"it is {SECRET}".encode())
