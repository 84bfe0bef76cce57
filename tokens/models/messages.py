"""Which mails wait to be sent, which could not be, and who wants which?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tokens.models.accounts import Role, User
from tokens.models.invitations import Invitation

# How long until it is tried again, after the first failure, the second, and so on.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
GIVEN_UP_AFTER = timedelta(days=3)
STUCK_AFTER = timedelta(minutes=10)
# Longer than anybody takes to send one, even to a server that answers slowly at every step.
CLAIMED_FOR = timedelta(minutes=5)


class Kind(models.TextChoices):
    """What a mail tells."""

    PERSON_INVITED = "person_invited", _("Invitation")
    PERSON_DEACTIVATED = "person_deactivated", _("Access ended")
    NEW_PLACE = "new_place", _("Sign-in from a new place")
    PASSWORD_CHANGED = "password_changed", _("Password changed")
    FACTOR_CHANGED = "factor_changed", _("Second factor changed")
    TOKEN_REQUESTED = "token_requested", _("Token requested")
    COLLEAGUE_REQUESTED = "colleague_requested", _("Token requested by a colleague")
    TOKEN_REVOKED = "token_revoked", _("Token revoked by somebody else")
    TOKENS_UNUSED = "tokens_unused", _("Tokens unused for 90 days")
    AUTHORITY_ENDS = "authority_ends", _("Signing authority ends")

    def is_offered_to(self, person: User) -> bool:
        """Whether they choose; what is about their own account they always get."""
        return self in SENT_UNASKED and (self not in OF_ADMINS or person.role == Role.ADMIN)

    def is_wanted_by(self, person: User) -> bool:
        return bool(person.mail_choices.get(self.value, SENT_UNASKED.get(self, True)))


# What people choose, and whether it is sent to those who have not chosen.
SENT_UNASKED = {
    Kind.TOKEN_REQUESTED: True,
    Kind.COLLEAGUE_REQUESTED: False,
    Kind.TOKEN_REVOKED: True,
    Kind.TOKENS_UNUSED: True,
}
OF_ADMINS = {Kind.COLLEAGUE_REQUESTED, Kind.TOKENS_UNUSED}


class MessageQuerySet(models.QuerySet["Message"]):
    def put(
        self,
        kind: Kind,
        *recipients: User | Invitation,
        about: Mapping[str, object] | None = None,
        once: str = "",
    ) -> None:
        """Puts a mail to each into the outbox, in the transaction of the deed that it tells of.

        Args:
            about: ids of what it tells of. What it says of them is looked up when it is sent.
            once: of several of a kind with the same, each recipient gets one.
        """
        self.bulk_create(
            [
                Message(
                    kind=kind,
                    person=to if isinstance(to, User) else None,
                    invitation=to if isinstance(to, Invitation) else None,
                    about=dict(about or {}),
                    once=f"{kind} {to.public_id} {once}" if once else None,
                )
                for to in recipients
            ],
            ignore_conflicts=bool(once),
        )

    def due(self, now: datetime) -> Self:
        return self.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")

    def unsent(self) -> Self:
        """Those that wait, or were given up; newest first."""
        return self.filter(sent_at=None).order_by("-created_at", "-pk")

    def stuck(self, now: datetime) -> Self:
        """Those that should have been sent a while ago, and are still tried."""
        late = self.unsent().filter(created_at__lt=now - STUCK_AFTER)
        return late.exclude(next_attempt_at=None)

    def try_again(self, now: datetime) -> int:
        """Makes those due that have failed; not one that is being sent right now."""
        return self.unsent().exclude(last_error="").order_by().update(next_attempt_at=now)


class Message(models.Model):
    """A mail in the outbox: of which kind, to whom, and about what. Never what it says.

    Neither text nor link nor code is stored: they are made when it is sent.
    """

    kind = models.CharField(max_length=30, choices=Kind.choices)
    person = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="messages")
    invitation = models.ForeignKey(
        Invitation, models.PROTECT, null=True, blank=True, related_name="messages"
    )
    about = models.JSONField(default=dict)
    once = models.CharField(max_length=100, null=True, blank=True, unique=True)
    created_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)
    # None where nothing more is tried: it is sent, or given up.
    next_attempt_at = models.DateTimeField(null=True, blank=True, default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=60, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(person=None) ^ Q(invitation=None), name="message_to_one"
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="messages_that_are_due"),
            models.Index(fields=["sent_at", "created_at"], name="messages_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def recipient(self) -> User | Invitation:
        recipient = self.person or self.invitation
        assert recipient
        return recipient

    def claim(self, now: datetime) -> bool:
        """Keeps it for whoever asked first, for some minutes; False for everybody else.

        No row stays locked meanwhile: on SQLite nobody could write as long as a server hangs.
        """
        unclaimed = Message.objects.filter(pk=self.pk, next_attempt_at=self.next_attempt_at)
        self.attempts += 1
        self.next_attempt_at = now + CLAIMED_FOR
        self.last_error = ""
        changed = ("attempts", "next_attempt_at", "last_error")
        return bool(unclaimed.update(**{name: getattr(self, name) for name in changed}))

    def mark_sent(self, now: datetime) -> None:
        self.sent_at, self.next_attempt_at = now, None
        self.save(update_fields=["sent_at", "next_attempt_at"])

    def mark_failed(self, error: Exception, now: datetime) -> None:
        """Notes what kind of error it was, and no more of it: its text may name an address."""
        wait = WAITS[min(self.attempts, len(WAITS)) - 1]
        is_given_up = now - self.created_at > GIVEN_UP_AFTER
        self.next_attempt_at = None if is_given_up else now + wait
        self.last_error = type(error).__name__[:60]
        self.save(update_fields=["next_attempt_at", "last_error"])
