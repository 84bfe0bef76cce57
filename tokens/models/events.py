"""What happened, who did it, and can that still be proved?"""

from collections.abc import Iterator, Mapping
from datetime import UTC

from django.db import models
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tokens import origin, trail
from tokens.models.accounts import Actor, Company, Invitation, User
from tokens.models.tokens import Token

Subject = Company | Invitation | Token | User


class Action(models.TextChoices):
    """The vocabulary: past participles, each with the sentence that a person reads."""

    COMPANY_ADDED = "company.added", _("{actor} added the company {object}")
    POLICY_CHANGED = "company.policy_changed", _("{actor} changed the policy of {object}")
    PERSON_INVITED = "person.invited", _("{actor} invited {object}")
    PERSON_JOINED = "person.joined", _("{actor} joined")
    PERSON_DEACTIVATED = "person.deactivated", _("{actor} deactivated {object}")
    FACTOR_ADDED = "person.factor_added", _("{actor} added a second factor")
    FACTOR_REMOVED = "person.factor_removed", _("{actor} removed a second factor")
    FACTOR_RESET = "person.factor_reset", _("{actor} reset the second factor of {object}")
    CODES_GENERATED = "person.codes_generated", _("{actor} generated recovery codes")
    CODE_USED = "person.code_used", _("{actor} used a recovery code")
    SESSIONS_ENDED = "person.sessions_ended", _("{actor} signed out everywhere")
    AUDIT_EXPORTED = "audit.exported", _("{actor} exported the audit trail of {object}")
    INVENTORY_EXPORTED = "inventory.exported", _("{actor} exported the inventory of {object}")
    INVENTORY_REVIEWED = "inventory.reviewed", _("{actor} reviewed the inventory of {object}")
    TOKEN_REQUESTED = "token.requested", _("{actor} requested {object}")
    TOKEN_DESCRIBED = "token.described", _("{actor} changed the description to {object}")
    TOKEN_REVOKED = "token.revoked", _("{actor} revoked {object}")


class EventQuerySet(models.QuerySet["Event"]):
    def of(self, company: Company) -> "EventQuerySet":
        """The company's whole trail, newest first."""
        return self.filter(company=company.slug).order_by("-sequence")

    def about(self, subject: Subject) -> "EventQuerySet":
        """The events whose object it is, newest first."""
        kind, id_, _name = subject.party
        return self.filter(object_kind=kind, object_id=id_).order_by("-sequence")

    def lines(self) -> Iterator[dict[str, object]]:
        """As they are exported, each chain oldest first; memory stays constant."""
        for event in self.order_by("company", "sequence").iterator():
            yield event.line()

    def heads(self) -> "EventQuerySet":
        """The last event of each company, in one query."""
        last = self.filter(company=OuterRef("slug")).order_by("-sequence").values("pk")[:1]
        keys = Company.objects.annotate(last_event=Subquery(last)).values("last_event")
        return self.filter(pk__in=keys).order_by("company")

    def record(
        self,
        action: Action,
        *,
        company: Company,
        by: Actor,
        on: Subject,
        details: Mapping[str, object] | None = None,
    ) -> "Event":
        """Appends one event to the company's chain, in the transaction of the change itself.

        Raises:
            TransactionManagementError: called outside a transaction, where the database locks rows.
        """
        # The company's row is the lock on the head of its chain. Rows that refer to the company
        # hold a key-share lock on it, with which a stronger lock than this one would deadlock.
        Company.objects.select_for_update(no_key=True).get(pk=company.pk)
        last = self.filter(company=company.slug).order_by("-sequence").first()
        here = origin.current.get()
        event = Event(
            company=company.slug,
            sequence=last.sequence + 1 if last else 1,
            at=timezone.now(),
            action=action,
            address=here.address,
            request_id=here.request_id,
            details=dict(details or {}),
            previous=last.hash if last else trail.GENESIS,
        )
        event.actor_kind, event.actor_id, event.actor_name = by.party
        event.object_kind, event.object_id, event.object_name = on.party
        event.hash = trail.seal(event.previous, event.facts())
        event.save(force_insert=True)
        return event


class Event(models.Model):
    """One line of the audit trail. Append-only: triggers in the database refuse anything else.

    It has no foreign keys, so that it outlives whatever it names, and no secrets.
    """

    company = models.CharField(max_length=40)
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=20)
    actor_id = models.CharField(max_length=60, blank=True)
    actor_name = models.CharField(max_length=200)
    action = models.CharField(max_length=40, choices=Action.choices)
    object_kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=60)
    object_name = models.CharField(max_length=254)
    address = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    details = models.JSONField(default=dict)
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "sequence"], name="one_chain_per_company"),
        ]
        indexes = [
            models.Index(fields=["object_kind", "object_id", "sequence"], name="about_an_object"),
            # What the audit filters by, in the order of its pages.
            models.Index(fields=["company", "actor_id", "sequence"], name="events_of_an_actor"),
            models.Index(fields=["company", "action", "sequence"], name="events_of_a_kind"),
            models.Index(fields=["company", "address", "sequence"], name="events_from_an_address"),
            models.Index(fields=["company", "at"], name="events_in_time"),
        ]

    def __str__(self) -> str:
        return f"{self.company} {self.sequence}: {self.action}"

    def facts(self) -> dict[str, object]:
        """Every field but the two of the chain itself, as they are sealed and exported."""
        return {
            "company": self.company,
            "sequence": self.sequence,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z",
            "actor": {"kind": self.actor_kind, "id": self.actor_id, "name": self.actor_name},
            "action": str(self.action),
            "object": {"kind": self.object_kind, "id": self.object_id, "name": self.object_name},
            "address": self.address,
            "request_id": self.request_id,
            "details": self.details,
        }

    def line(self) -> dict[str, object]:
        """The event as one line of an export."""
        return self.facts() | {"previous": self.previous, "hash": self.hash}

    @property
    def sentence(self) -> SafeString:
        """What happened, as HTML in the reader's language."""
        return format_html(
            str(Action(self.action).label),
            actor=_name(self.actor_name),
            object=_name(self.object_name),
        )


def _name(text: str) -> SafeString:
    return format_html("<bdi><strong>{}</strong></bdi>", text)
