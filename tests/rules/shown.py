"""The instructions as the page of a token shows them, for a token of the tests."""

import re
from html import unescape

from django.template.loader import render_to_string

from tokens import instructions

SECRET = "twc_0123456789ABCDEFGHIJKLMNOPQRST123456"
USERNAME = "acme-abcd2345"


def with_values() -> instructions.Values:
    return instructions.values(["public/*"], username=USERNAME, secret=SECRET)


def page(values: instructions.Values) -> str:
    context = {"clients": instructions.CLIENTS, "values": values}
    return render_to_string("instructions/_clients.html", context)


def blocks(values: instructions.Values) -> dict[str, str]:
    """What can be copied, by its name."""
    found = re.findall(r'<code id="block-([a-z0-9-]+)">(.*?)</code>', page(values), re.DOTALL)
    return {name: unescape(text) for name, text in found}
