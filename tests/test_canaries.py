"""Is a secret found in whatever form it stands in a file?"""

import base64
import json
import secrets
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.canaries import Canaries

SECRET = "twc_" + "aB3" * 12
OTHERS = [f"twc_{secrets.token_hex(18)}" for _ in range(50)]


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
