"""What stands in a page, or in the fragment of one?"""

import re
from html import unescape

from django.http import HttpResponse
from django.test.html import Element, parse_html

# Of a fragment: what htmx takes to another place than the one that it swaps.
_ELSEWHERE = re.compile(r"\bhx-swap-oob=")


def text_of(element_id: str, answer: HttpResponse) -> str:
    """Exactly the text of an element that holds nothing else."""
    found = re.findall(rf'\bid="{element_id}"[^>]*>([^<]*)<', answer.content.decode())
    assert len(found) == 1, f"{len(found)} elements #{element_id}"
    return unescape(found[0])


def root_of(answer: HttpResponse) -> Element:
    """The one element of a fragment that is swapped in, beside a title and what goes elsewhere."""
    parsed = parse_html(answer.content.decode())
    children = parsed.children if parsed.name is None else [parsed]
    roots = [one for one in children if not _goes_elsewhere(one)]
    assert len(roots) == 1, f"{len(roots)} roots in {answer.content.decode()}"
    return roots[0]


def _goes_elsewhere(element: Element | str) -> bool:
    return getattr(element, "name", "") == "title" or bool(_ELSEWHERE.search(str(element)[:300]))


def id_of(element: Element) -> str:
    return str(dict(element.attributes).get("id", ""))


def without_forgery_tokens(answer: HttpResponse) -> str:
    """The page without what differs each time that it is drawn."""
    return re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]*', r"\1", answer.content.decode())
