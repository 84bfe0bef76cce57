"""What does nobody send who means well? Strategies for texts, queries, forms and headers."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, quote_from_bytes, quote_plus

from django.forms import BaseForm
from hypothesis import strategies as st

import portal.urls  # noqa: F401  (with it every form is there)
from tests.test_architecture import ROOT

# Read by a view or made by a form as it goes: `request.GET.get("page")`, `self.fields["all"]`.
_READ = re.compile(r'(?:GET|POST|query)\.get(?:list)?\("(\w+)"|fields\["(\w+)"\]')
# Made by allauth or looked for in another way; what no form asks for and a row of ours has; and
# what other software would read.
_OTHERS = {
    *("login", "confirmed"),
    *("id", "pk", "company_id", "requested_by", "revoked_at", "is_vendor", "is_active"),
    *("can_push", "next", "sort", "format", "_method", "csrfmiddlewaretoken"),
}

SPECIAL = [
    *(b"", b" ", b"\0", b"a\0b", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf", b"\r\nX: y"),
    *("\u202egnp", "a\u200bb", "\ufeff", "\u2028", "e\u0301" * 40, "\ufdfa" * 30, "\U0010ffff"),
    *("-1", "0", "1e9", "9" * 30, "NaN", "Infinity", "1_0", "\u0663", "\xb2", "0x10", "+1"),
    *("true", "null", "[]", "{}", "__class__", "requested_by__password", "id__gte"),
    *("0001-01-01", "9999-12-31", "2026-02-30", "2026-03-29T02:30", "2026-01-01T00:00+99:99"),
    *("00000000-0000-0000-0000-000000000000", "' OR 1=1 --", "%", "_", "\\", '"', "%00", "%2e"),
    *("<script>alert(1)</script>", "{{ 7|add:7 }}", "{% debug %}", "${7*7}", "%(a)s %n {0}"),
    *("=1+1", "@SUM(A1)", "../../etc/passwd", "//evil.example", "/\\evil.example", "file:///"),
    *("javascript:alert(1)", "http://[", "a@b", "xn--a@b.example", "\xe9@\xe9.example"),
    *("twc_", "twc_" * 50, "twc_" + "A" * 36, "A" * 16, "public/*", "*", "../*", "a" * 256),
]
_special = [value if isinstance(value, bytes) else value.encode() for value in SPECIAL]
# Bytes, because a browser is not what sends them.
texts = st.sampled_from(_special) | st.text(max_size=60).map(str.encode) | st.binary(max_size=60)


def field_names() -> list[str]:
    """Of every form, and all that a view reads by its name."""
    found = {name for form in _kinds_of(BaseForm) for name in form.base_fields}
    for file in _sources():
        found |= {one or other for one, other in _READ.findall(file.read_text())}
    return sorted(found | _OTHERS)


def _kinds_of(form: type[BaseForm]) -> Iterator[type[BaseForm]]:
    for kind in form.__subclasses__():
        if hasattr(kind, "base_fields"):
            yield kind
        yield from _kinds_of(kind)


def _sources() -> Iterator[Path]:
    for room in ("views", "forms"):
        yield from (ROOT / "tokens" / room).glob("*.py")


NAMES = field_names()
Fields = dict[str, bytes]
fields = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), texts, max_size=6)


def written(pairs: Fields) -> str:
    """As it stands in an address or a body."""
    return "&".join(
        f"{quote_plus(name, errors='replace')}={quote_from_bytes(value)}"
        for name, value in pairs.items()
    )


def spoilt(form: str, *, others: Fields, keeps: set[int]) -> str:
    """The form with other values, of which some fields keep theirs; and with more fields."""
    own = dict(parse_qsl(form))
    kept = {name: own[name].encode() for number, name in enumerate(own) if number in keeps}
    changed = dict(zip(own, others.values(), strict=False))
    return written(changed | others | kept)


_latin = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40)
_header_values = _latin | st.sampled_from(
    [
        *("http://[", "//[", "\xff", "a" * 8000, "*", "bytes=-1", "bytes=9-1,", "nl;q=x, *;q=9"),
        *('session="\\000aaaaaaaaaaaa"', "session=" + "a" * 32, "session=../../x; csrf=\xff"),
        *("Bearer x", "Basic =", "multipart/form-data; boundary=", "text/plain; charset=hex"),
        *("Thu, 99 Foo 99999 99:99:99 GMT", 'W/"', "true", "XMLHttpRequest", "null"),
    ]
)
HEADERS = (
    *("ACCEPT", "ACCEPT_LANGUAGE", "ACCEPT_ENCODING", "AUTHORIZATION", "COOKIE", "ORIGIN"),
    *("HX_REQUEST", "HX_TARGET", "HX_TRIGGER", "HX_CURRENT_URL", "HX_CURRENT_URL_URI_AUTOENCODED"),
    *("IF_MODIFIED_SINCE", "IF_NONE_MATCH", "RANGE", "REFERER", "USER_AGENT", "X_REQUESTED_WITH"),
    *(
        "X_FORWARDED_FOR",
        "X_FORWARDED_PROTO",
        "X_FORWARDED_HOST",
        "X_FORWARDED_URI",
        "X_ORIGINAL_URI",
    ),
    *("X_HTTP_METHOD_OVERRIDE", "X_FORWARDED_METHOD"),
)
headers = st.dictionaries(
    st.sampled_from(HEADERS).map("HTTP_{}".format), _header_values, min_size=1, max_size=6
)
