"""What happened, who did it, and can that still be proved?"""

from collections.abc import Generator, Iterable, Mapping
from datetime import UTC
from functools import partial

from django.conf import settings
from django.db import models, transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from tokens import journal, origin, trail
from tokens.models.accounts import Actor, Company, Party, Role, User
from tokens.models.invitations import Invitation
from tokens.models.tokens import Token

Subject = Company | Invitation | Token | User


class Action(models.TextChoices):
    """The vocabulary: past participles, each with the sentence that a person reads."""

    COMPANY_ADDED = "company.added", _("{actor} added the company {object}")
    COMPANY_SUSPENDED = "company.suspended", _("{actor} suspended the access of {object}")
    COMPANY_RESUMED = "company.resumed", _("{actor} resumed the access of {object}")
    COMPANY_RESTORED = (
        "company.restored",
        _("{actor} restored a back-up: what {object} did after {before} may be missing"),
    )
    ENTITLEMENT_ADDED = "entitlement.added", _("{actor} let {object} pull {pattern}")
    ENTITLEMENT_CHANGED = (
        "entitlement.changed",
        _("{actor} changed until when {object} may pull {pattern}"),
    )
    ENTITLEMENT_ENDED = "entitlement.ended", _("{actor} no longer lets {object} pull {pattern}")
    PERSON_INVITED = "person.invited", _("{actor} invited {object}")
    PERSON_JOINED = "person.joined", _("{actor} joined")
    PERSON_DEACTIVATED = "person.deactivated", _("{actor} deactivated {object}")
    PERSON_SIGNED_IN = "person.signed_in", _("{actor} signed in")
    PERSON_SIGNED_OUT = "person.signed_out", _("{actor} signed out")
    PERSON_SIGN_IN_FAILED = "person.sign_in_failed", _("Somebody failed to sign in as {object}")
    PERSON_PASSWORD_CHANGED = "person.password_changed", _("{actor} changed their password")
    PERSON_PASSWORD_RESET = (
        "person.password_reset",
        _("{actor} chose a new password by way of a mail"),
    )
    MAILS_RETRIED = "mails.retried", _("{actor} had mails sent again that had failed")
    PERSON_REACTIVATED = "person.reactivated", _("{actor} reactivated {object}")
    PERSON_ROLE_CHANGED = (
        "person.role_changed",
        _("{actor} changed the role of {object} from {before} to {after}"),
    )
    INVITATION_RENEWED = "invitation.renewed", _("{actor} invited {object} again")
    INVITATION_WITHDRAWN = (
        "invitation.withdrawn",
        _("{actor} withdrew the invitation of {object}"),
    )
    POLICY_CHANGED = "company.policy_changed", _("{actor} changed the policy of {object}")
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
    TOKEN_HANDED_OVER = (
        "token.handed_over",
        _("{actor} handed {object} over from {before} to {after}"),
    )
    TOKEN_SUSPENDED = "token.suspended", _("{actor} suspended {object}")
    TOKEN_RESUMED = "token.resumed", _("{actor} resumed {object}")
    TOKEN_REVOKED = "token.revoked", _("{actor} revoked {object}")


# What takes access away, and what gives it back. Both stand in the journal too.
TAKEN = {
    Action.TOKEN_REVOKED: None,
    Action.TOKEN_SUSPENDED: Action.TOKEN_RESUMED,
    Action.COMPANY_SUSPENDED: Action.COMPANY_RESUMED,
    Action.PERSON_DEACTIVATED: Action.PERSON_REACTIVATED,
}
JOURNALLED = {*TAKEN, *TAKEN.values()} - {None}


class EventQuerySet(models.QuerySet["Event"]):
    def of(self, company: Company) -> "EventQuerySet":
        """The company's whole trail, newest first."""
        return self.filter(company=company.slug).order_by("-sequence")

    def by_time(self) -> "EventQuerySet":
        """Newest first by the clock, which may have stepped back in between."""
        return self.order_by("-at", "-sequence")

    def older_than(self, mark: "Event") -> "EventQuerySet":
        """Those that follow an event of the company in the order of the list."""
        if self.query.order_by[0] != "-at":
            return self.filter(sequence__lt=mark.sequence)
        since = Q(at=mark.at, sequence__gte=mark.sequence)
        return self.filter(at__lte=mark.at).exclude(since)

    def about(self, subject: Subject) -> "EventQuerySet":
        """The events whose object it is, newest first."""
        kind, id_, _name = subject.party
        return self.filter(object_kind=kind, object_id=id_).order_by("-sequence")

    def by(self, person: User) -> "EventQuerySet":
        """What the person did, and what was tried in their name."""
        return self.filter(company=person.company.slug, actor_id=str(person.public_id))

    def lines(self) -> Generator[dict[str, object]]:
        """As they are exported, each chain oldest first; memory stays constant."""
        for event in self.order_by("company", "sequence").iterator():
            yield event.line()

    def among(self, places: Iterable[tuple[str, int, str]]) -> set[str]:
        """The hashes of those that are here, of some whose company, sequence and hash are given."""
        return {
            hash_
            for company, sequence, hash_ in places
            if self.filter(company=company, sequence=sequence, hash=hash_).exists()
        }

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
        reason: str = "",
    ) -> "Event":
        """Appends one event to the company's chain, in the transaction of the change itself.

        Args:
            reason: why something was taken away, if that was said; one of the details.

        Raises:
            TransactionManagementError: called outside a transaction, where the database locks rows.
            Unwritable: it belongs into the journal, which cannot be written.
        """
        (event,) = self.record_all(
            action, company=company, by=by, on=[on], details=details, reason=reason
        )
        return event

    def record_all(
        self,
        action: Action,
        *,
        company: Company,
        by: Actor,
        on: Iterable[Subject],
        details: Mapping[str, object] | None = None,
        reason: str = "",
    ) -> "list[Event]":
        """As ``record``, an event about each of them: of many, in a few statements."""
        told = dict(details or {}) | ({"reason": reason} if reason else {})
        Company.objects.held(company.pk)  # which is the lock on the head of its chain
        last = self.filter(company=company.slug).order_by("-sequence").first()
        here, now = origin.current.get(), timezone.now()
        events = []
        for subject in on:
            last = Event(
                company=company.slug,
                at=now,
                action=action,
                address=here.address,
                request_id=here.request_id,
                details=dict(told),
            ).sealed(by.party, subject.party, after=last)
            events.append(last)
        self.bulk_create(events)
        if action in JOURNALLED and events:
            _write_journal(events)
        return events


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
    # An Action. The database does not list them, so that another needs no migration.
    action = models.CharField(max_length=40)
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
            models.Index(fields=["company", "at", "sequence"], name="events_by_time"),
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

    def sealed(self, actor: Party, subject: Party, *, after: "Event | None") -> "Event":
        """Itself, with who did it to what, as the chain goes on after the event before it."""
        self.actor_kind, self.actor_id, self.actor_name = actor
        self.object_kind, self.object_id, self.object_name = subject
        self.sequence = after.sequence + 1 if after else 1
        self.previous = after.hash if after else trail.GENESIS
        self.hash = trail.seal(self.previous, self.facts())
        return self

    def line(self) -> dict[str, object]:
        """The event as one line of an export."""
        return self.facts() | {"previous": self.previous, "hash": self.hash}

    @property
    def plain_sentence(self) -> str:
        """What happened, as text in the reader's language."""
        return str(Action(self.action).label).format(**self._names())

    @property
    def sentence(self) -> SafeString:
        """What happened, and the reason if one was given, as HTML in the reader's language."""
        names = {place: _name(name) for place, name in self._names().items()}
        names["pattern"] = format_html("<code>{}</code>", self.details.get("pattern", ""))
        said = format_html(str(Action(self.action).label), **names)
        reason = self.details.get("reason")
        return format_html("{}: <bdi>{}</bdi>", said, reason) if reason else said

    def _names(self) -> dict[str, str]:
        """What the places of its action's sentence stand for."""
        told = {place: str(self.details.get(place, "")) for place in ("before", "after", "pattern")}
        if self.action == Action.PERSON_ROLE_CHANGED:
            told |= {place: _role(told[place]) for place in ("before", "after")}
        return {"actor": self.actor_name, "object": self.object_name, **told}


def _write_journal(events: list[Event]) -> None:
    """Before the transaction is committed, and once more after that."""
    folder = settings.REVOCATION_JOURNAL
    journal.append(folder, [event.line() for event in events])
    hashes = [event.hash for event in events]
    transaction.on_commit(partial(journal.confirm, folder, hashes))


def _role(value: str) -> str:
    """In the reader's language; as it was written, where there is no such role any more."""
    return str(dict(Role.choices).get(value, value))


def _name(text: str) -> SafeString:
    return format_html("<bdi><strong>{}</strong></bdi>", text)
