"""Does a secret lie anywhere, in whatever spelling somebody could read it back from?"""

import base64
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

AT_ONCE = 1 << 20  # bytes of a file
# Characters of base64 at either end that depend on what stands beside the secret.
TORN = 4
# What the forms of many secrets are made of, and as long as the shortest of them.
_RUN = re.compile(rb"[A-Za-z0-9+/_=%\\-]{20,}")
_KEY = 16  # bytes of a form by which it is looked up


def spellings(secret: str) -> dict[str, bytes]:
    """The secret in each encoding, by what it is called; in base64 at each of its three offsets."""
    raw = secret.encode()
    found = {
        "raw": raw,
        "UTF-16": secret.encode("utf-16-le"),
        "URL": quote(secret, safe="").encode(),
        "URL, every character": "".join(f"%{byte:02x}" for byte in raw).encode(),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "JSON, every character": "".join(f"\\u{byte:04x}" for byte in raw).encode(),
        "hex": raw.hex().encode(),
    }
    for offset in range(3):
        packed = base64.b64encode(b"x" * offset + raw)[TORN:-TORN]
        found[f"base64, offset {offset}"] = packed
        found[f"base64 of URLs, offset {offset}"] = packed.translate(bytes.maketrans(b"+/", b"-_"))
    return {name: spelling for name, spelling in found.items() if name == "raw" or spelling != raw}


class Canary:
    """A secret to be looked for; found in letters of either case, where case means nothing."""

    def __init__(self, *secrets: str) -> None:
        self._spellings = [one for secret in secrets for one in spellings(secret).items()]
        self._longest = max(len(spelling) for _name, spelling in self._spellings)

    def in_bytes(self, data: bytes) -> list[str]:
        """In which spellings it stands there."""
        lower = data.lower()
        return [
            name
            for name, spelling in self._spellings
            if spelling in data or (name.startswith(("hex", "URL,", "JSON,")) and spelling in lower)
        ]

    def in_texts(self, texts: Mapping[str, str]) -> list[str]:
        """In which of the texts, by their names, it stands and how."""
        found = [(name, self.in_bytes(text.encode())) for name, text in texts.items()]
        return [f"{name}: {spelling}" for name, spelt in found for spelling in spelt]

    def below(self, *folders: Path) -> list[str]:
        """In which files it stands, and how: also packed, as sessions and pages in caches are."""
        files = (file for folder in folders for file in sorted(folder.rglob("*")))
        return [
            f"{file}: {spelling}"
            for file in files
            if file.is_file() and not file.is_symlink()
            for spelling in self._in_file(file)
        ]

    def _in_file(self, file: Path) -> set[str]:
        found: set[str] = set()
        with file.open("rb") as stream:
            tail = b""
            while part := stream.read(AT_ONCE):
                found |= set(self.in_bytes(tail + part))
                tail = (tail + part)[-self._longest :]
        return found | {name for data in unpacked(file) for name in self.in_bytes(data)}


def forms(secret: str) -> set[bytes]:
    """The spellings that are one run of letters, and the secret reversed."""
    runs = (spelling for spelling in spellings(secret).values() if _RUN.fullmatch(spelling))
    return {*runs, secret.encode()[::-1]}


class Canaries:
    """Many secrets, looked for at once, each of 20 characters or more."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms: dict[bytes, set[bytes]] = {}
        for form in {form for secret in secrets for form in forms(secret)}:
            self._forms.setdefault(form[:_KEY], set()).add(form)

    def are_in(self, content: bytes) -> bool:
        for run in _RUN.finditer(content):
            text = run[0]
            for start in range(len(text) - _KEY + 1):
                whole = self._forms.get(text[start : start + _KEY], ())
                if any(text.startswith(form, start) for form in whole):
                    return True
        return False

    def files_below(self, folder: Path, *, since: float = 0) -> Iterator[Path]:
        """The files that hold one of them, of those that were written since a time."""
        for file in sorted(folder.rglob("*")):
            is_new = file.is_file() and file.stat().st_mtime >= since
            if is_new and self.are_in(file.read_bytes()):
                yield file


def unpacked(file: Path) -> Iterator[bytes]:
    """What stands in a file in zlib's or gzip's form, wherever in it that begins."""
    data = file.read_bytes()
    view = memoryview(data)
    for start in (*_positions(data, b"\x1f\x8b\x08"), *_positions(data, b"\x78\x9c")):
        yield _inflated(view[start:])


def _positions(data: bytes, mark: bytes) -> Iterator[int]:
    start = data.find(mark)
    while start >= 0:
        yield start
        start = data.find(mark, start + 1)


def _inflated(data: memoryview) -> bytes:
    """As much as there is of it; nothing where it only looked so."""
    inflater = zlib.decompressobj(wbits=47)
    try:
        return inflater.decompress(data, AT_ONCE)
    except zlib.error:
        return b""
