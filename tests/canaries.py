"""Where does a secret stand, in whatever form somebody could read it?"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

# What the forms are made of, and as long as the shortest of them.
_RUN = re.compile(rb"[A-Za-z0-9+/_=%\\-]{20,}")
_KEY = 16  # bytes of a form by which it is looked up


def forms(secret: str) -> set[bytes]:
    """Raw, reversed, and in hex, base64, a URL or JSON."""
    raw = secret.encode()
    # Without the end, which depends on what stands behind it.
    in_base64 = {base64.b64encode(b"x" * shift + raw)[4:-4] for shift in range(3)}
    escaped = {quote(secret).encode(), json.dumps(secret)[1:-1].encode()}
    return {raw, raw[::-1], raw.hex().encode()} | in_base64 | escaped


class Canaries:
    """Many secrets, looked for at once."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms: dict[bytes, set[bytes]] = {}
        for form in {form for secret in secrets for form in forms(secret)}:
            assert _RUN.fullmatch(form), "a secret as short as this, or of other characters"
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
