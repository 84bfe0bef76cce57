"""What does an auditor ask of each token of a company?"""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from tokens.models import Company, Pull, Review, Token, Use
from tokens.models.tokens import IDLE_AFTER, TokenQuerySet

PULLED_WITHIN = timedelta(days=30)
REVIEWED_WITHIN = timedelta(days=365)
MANY_ADDRESSES = 5


class Flag(models.TextChoices):
    """What is worth a look at a token that still works."""

    NEVER_USED = "never_used", _("Never used")
    IDLE = "idle", _("Unused for 90 days")
    MANY_ADDRESSES = "many_addresses", _("Used from many addresses")
    REQUESTER_LEFT = "requester_left", _("Requester left")
    NOT_REVIEWED = "not_reviewed", _("No review for a year")


def of(company: Company, *, now: datetime, among: TokenQuerySet | None = None) -> TokenQuerySet:
    """Its tokens, newest first, with ``addresses``, ``pulls_lately`` of 30 days, and whether one
    that was there a year ago was ``reviewed_lately``. What of the last use is shown, the page adds.

    Args:
        among: some of the company's tokens; all of them where it is not given.
    """
    tokens = Token.objects.of(company) if among is None else among
    addresses = Use.objects.filter(token=OuterRef("pk")).order_by().values("token")
    pulls = Pull.objects.filter(token=OuterRef("pk"), day__gte=(now - PULLED_WITHIN).date())
    year_ago = now - REVIEWED_WITHIN
    reviews = Review.objects.filter(company=company, at__gte=year_ago)
    return tokens.select_related("requested_by", "revoked_by").annotate(
        addresses=_number(addresses.annotate(n=Count("address", distinct=True))),
        pulls_lately=_number(pulls.order_by().values("token").annotate(n=Sum("count"))),
        reviewed_lately=Q(requested_at__gte=year_ago) | Exists(reviews),
    )


def _number(counted: "models.QuerySet[Any, Any]") -> Coalesce:
    return Coalesce(Subquery(counted.values("n")), 0, output_field=models.BigIntegerField())


def flags(token: Token) -> list[Flag]:
    """What is worth a look; nothing at a token that no longer works."""
    if not token.is_live:
        return []
    found = {
        Flag.NEVER_USED: token.last_used_at is None,
        Flag.IDLE: token.days_idle >= IDLE_AFTER.days,
        Flag.MANY_ADDRESSES: token.addresses >= MANY_ADDRESSES,  # type: ignore[attr-defined]
        Flag.REQUESTER_LEFT: not token.requested_by.is_active,
        Flag.NOT_REVIEWED: not token.reviewed_lately,  # type: ignore[attr-defined]
    }
    return [flag for flag, is_so in found.items() if is_so]
