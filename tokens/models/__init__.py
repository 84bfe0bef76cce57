"""The facts: one module for each kind of thing that is remembered."""

from tokens.models.accounts import CONSOLE, Actor, Company, Console, Entitlement, Invitation, User
from tokens.models.events import Event
from tokens.models.tokens import Secret, Standing, Token
from tokens.models.usage import Use

__all__ = [
    "CONSOLE",
    "Actor",
    "Company",
    "Console",
    "Entitlement",
    "Event",
    "Invitation",
    "Secret",
    "Standing",
    "Token",
    "Use",
    "User",
]
