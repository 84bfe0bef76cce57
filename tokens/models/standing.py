"""How does a token stand, as the realm asks it?"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.utils.translation import gettext_lazy as _

from tokens import journal
from tokens.models.outage import StillAway, outage


class Reason(models.TextChoices):
    """Why something was refused, as the token's page says it."""

    WRONG_SECRET = "wrong_secret", _("Wrong secret")
    REVOKED = "revoked", _("Revoked")
    EXPIRED = "expired", _("Expired")
    SUSPENDED = "suspended", _("Suspended")
    COMPANY = "company", _("The company's access is suspended")
    NOT_ENTITLED = "not_entitled", _("Not among the images that it may pull")


@dataclass
class Standing:
    """All that the realm asks of a token, as plain values, without instances of models."""

    token_id: int
    username: str
    can_push: bool
    company_is_active: bool
    expires_at: datetime | None
    suspended_at: datetime | None
    revoked_at: datetime | None
    digests: list[bytes]
    # Patterns of what its company may pull, and whether it may push there too.
    entitlements: dict[str, bool]

    @classmethod
    def find(cls, username: str, *, now: datetime) -> "Standing | None":
        """How the token with this username stands, in one query.

        Raises:
            StillAway: the database does not know yet what the journal says.
        """
        if not journal.is_replayed.is_set():
            raise StillAway("the journal of revocations is not replayed yet")
        connection = connections[DEFAULT_DB_ALIAS]
        with outage, connection.wrap_database_errors:
            connection.ensure_connection()
            rows = connection.connection.execute(_QUERY[connection.vendor], (username,)).fetchall()
        standing = cls.of(rows, now=now) if rows else None
        return standing if standing and standing.username == username else None

    @classmethod
    def of(cls, rows: list[tuple[Any, ...]], *, now: datetime) -> "Standing":
        """From the rows of one token: its facts in each, beside a secret and an entitlement."""
        held = [row[7:] for row in rows]
        digests = {bytes(digest) for digest, end, *_ in held if digest and not _is_over(end, now)}
        entitlements = {
            pattern: can_push
            for *_, pattern, can_push, end in held
            if pattern and not _is_over(end, now)
        }
        ends = [moment and _in_utc(moment) for moment in rows[0][4:7]]
        facts = [*rows[0][:4], *ends, list(digests), entitlements]
        return cls(*facts)

    def end(self, now: datetime) -> Reason | None:
        """Why it gives nothing any more; None while it lives."""
        if self.revoked_at:
            return Reason.REVOKED
        if self.expires_at and self.expires_at <= now:
            return Reason.EXPIRED
        if self.suspended_at:
            return Reason.SUSPENDED
        return None if self.company_is_active else Reason.COMPANY


def _is_over(end: datetime | None, now: datetime) -> bool:
    return end is not None and _in_utc(end) <= now


def _in_utc(moment: datetime) -> datetime:
    """SQLite gives moments without the time zone that they are in."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# The realm's one query, written out: composing it for each request costs more than running it.
# Where a username is nobody's it reads the token after it in the index, or else the first of all,
# so that a refusal takes as long as that of a wrong secret.
STANDING = """
    SELECT token.id, username, token.can_push, is_active, expires_at, suspended_at, revoked_at,
           digest, retires_at, pattern, entitlement.can_push, ends_at
    FROM tokens_token AS token
    JOIN tokens_company AS company ON company.id = token.company_id
    LEFT JOIN tokens_secret AS secret ON secret.token_id = token.id
    LEFT JOIN tokens_entitlement AS entitlement ON entitlement.company_id = token.company_id
    WHERE token.id = COALESCE(
        (SELECT id FROM tokens_token WHERE username >= %s ORDER BY username LIMIT 1),
        (SELECT min(id) FROM tokens_token)
    )
"""

# Run by the driver itself, since Django's cursor takes longer than the query.
_QUERY = {"postgresql": STANDING, "sqlite": STANDING.replace("%s", "?")}
