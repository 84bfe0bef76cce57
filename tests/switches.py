"""What can be taken from somebody and given back? For tests of all of it."""

from typing import Any

from tests.factories import Cast, request_token
from tokens.actions import companies, people, tokens
from tokens.models import CONSOLE, Token

KINDS = ("token", "company", "person")


def fresh(row: Any) -> Any:
    """As it is in the database now."""
    return type(row).objects.get(pk=row.pk)


class Switch:
    """Something that is taken and given back, of Bram's or Acme's."""

    def __init__(self, cast: Cast, kind: str) -> None:
        self.row: Any = {
            "token": lambda: request_token(cast.bram).token,
            "company": lambda: cast.acme,
            "person": lambda: cast.bram,
        }[kind]()
        assert cast.ana
        self._deeds = {
            "token": (tokens.suspend, tokens.resume),
            "company": (companies.suspend, companies.resume),
            "person": (people.deactivate, people.reactivate),
        }[kind]

    def take(self) -> None:
        self._deeds[0](self.row, by=CONSOLE)  # type: ignore[operator]

    def give(self) -> None:
        self._deeds[1](self.row, by=CONSOLE)  # type: ignore[operator]

    @property
    def is_taken(self) -> bool:
        row = fresh(self.row)
        return bool(row.suspended_at) if isinstance(row, Token) else not row.is_active
