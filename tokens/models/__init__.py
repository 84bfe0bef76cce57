"""The facts: one module for each kind of thing that is remembered."""

from tokens.models.accounts import (
    CONSOLE,
    JOURNAL,
    Actor,
    Company,
    Console,
    Entitlement,
    User,
)
from tokens.models.events import Event
from tokens.models.failures import Failure, throttle
from tokens.models.invitations import Invitation
from tokens.models.jobs import Sighting
from tokens.models.messages import Message
from tokens.models.pulls import Notification, Pull, noted_pulls
from tokens.models.refusals import Refusal, noted_refusals
from tokens.models.reviews import Review
from tokens.models.standing import Standing
from tokens.models.tokens import Secret, Token
from tokens.models.uses import Use, noted_uses

# What a process counts in memory and a thread of it writes down.
KEPT = (noted_uses, noted_refusals, noted_pulls, throttle)

__all__ = [
    "CONSOLE",
    "JOURNAL",
    "KEPT",
    "Actor",
    "Company",
    "Console",
    "Entitlement",
    "Event",
    "Failure",
    "Invitation",
    "Message",
    "Notification",
    "Pull",
    "Refusal",
    "Review",
    "Secret",
    "Sighting",
    "Standing",
    "Token",
    "Use",
    "User",
    "noted_pulls",
    "noted_refusals",
    "noted_uses",
    "throttle",
]
