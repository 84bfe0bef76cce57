"""The page that shows a secret, read as a person reads it: the values and the commands on it."""

import re
import secrets
from html.parser import HTMLParser

from tests.stack import Credential, Session


class Printed(HTMLParser):
    """The texts of a page's ``<code id="…">`` elements, each as somebody copies it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._texts: dict[str, str] = {}
        self._inside = ""
        self.feed(page)

    @property
    def credential(self) -> Credential:
        return Credential(self._texts["token-username"], self._texts["token-secret"])

    @property
    def blocks(self) -> dict[str, str]:
        """What can be copied, without what is left to choose filled in."""
        marked = {name: text for name, text in self._texts.items() if name.startswith("block-")}
        return {name.removeprefix("block-"): text for name, text in marked.items()}

    def block(self, name: str, /, **chosen: str) -> str:
        """A command or file with what the person chooses in the place of words in brackets."""
        text = self.blocks[name]
        for word, choice in chosen.items():
            assert f"<{word}>" in text, f"{name} leaves no <{word}> to choose"
            text = text.replace(f"<{word}>", choice)
        assert not re.search(r"<[a-z-]+>", text), f"{name} leaves more to choose: {text}"
        return text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "code" and (name := dict(attrs).get("id")):
            self._inside = name
            self._texts[name] = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self._texts[self._inside] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "code":
            self._inside = ""


def request_token(
    person: Session, description: str = "A machine of the tests", **fields: str
) -> Printed:
    """Requests a token and keeps the page that answers."""
    told = f"{description} {secrets.token_hex(4)}"
    return Printed(person.post("/tokens/request/", description=told, **fields).text)
