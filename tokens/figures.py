"""What does the vendor ask of each company?"""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Count, Max, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from tokens.models import Company, Pull, Refusal, Token, User
from tokens.models.accounts import CompanyQuerySet
from tokens.models.standing import Reason

DAYS = 30
REFUSED_WITHIN = timedelta(days=7)
MOST_REFUSED = 10


def of(companies: CompanyQuerySet) -> "models.QuerySet[Company, Company]":
    """The companies by name, with their numbers of ``live_tokens`` and ``people_here``."""
    live = Token.objects.live().filter(company=OuterRef("pk"))
    here = User.objects.filter(company=OuterRef("pk"), is_active=True)
    annotated = companies.annotate(live_tokens=_number(live), people_here=_number(here))
    return annotated.order_by("name", "pk")


def _number(rows: "models.QuerySet[Any, Any]", of: str = "company") -> Coalesce:
    counted = rows.order_by().values(of).annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0)


def pulls_by_day(company: Company, *, today: date) -> list[tuple[date, int]]:
    """How often its tokens pulled on each of the last 30 days (UTC), oldest first."""
    days = [today - timedelta(days=ago) for ago in reversed(range(DAYS))]
    pulls = Pull.objects.filter(token__company=company, day__gte=days[0])
    counted = dict(pulls.order_by().values_list("day").annotate(Sum("count")))
    return [(day, counted.get(day, 0)) for day in days]


class Refused(NamedTuple):
    """Attempts of one kind with one token from one address, since a time."""

    username: str
    description: str
    reason: Reason
    address: str
    times: int
    last_hour: datetime


def refused(company: Company, *, now: datetime) -> list[Refused]:
    """What was refused to its tokens most often in the last seven days."""
    lately = Refusal.objects.filter(token__company=company, hour__gte=now - REFUSED_WITHIN)
    kinds = lately.values_list("token__username", "token__description", "reason", "address")
    counted = kinds.annotate(times=Sum("count"), last_hour=Max("hour"))
    most = counted.order_by("-times", "-last_hour")[:MOST_REFUSED]
    return [Refused(row[0], row[1], Reason(row[2]), *row[3:]) for row in most]


def people_of(company: Company) -> "models.QuerySet[User, User]":
    """Those who work here by name and then those who left, each with ``live_tokens``."""
    live = Token.objects.live().filter(requested_by=OuterRef("pk"))
    annotated = company.people.annotate(live_tokens=_number(live, "requested_by"))
    return annotated.order_by("-is_active", "name", "pk")
