"""Who are the companies and their people, and what may each company pull?"""

from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple
from uuid import uuid4
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tokens.registry import scopes


class Party(NamedTuple):
    """Somebody or something as the audit trail names it: it stays readable when the row is gone."""

    kind: str
    id: str
    name: str


class CompanyQuerySet(models.QuerySet["Company"]):
    def held(self, company_id: int) -> "Company":
        """The row as it is now, which nobody else holds until the transaction has ended.

        Rows that refer to the company hold a key-share lock on it, with which a stronger lock than
        this one would deadlock.
        """
        return self.select_for_update(no_key=True).get(pk=company_id)

    def visible_to(self, user: "User") -> "CompanyQuerySet":
        """All for the vendor's admins and auditors; nobody else looks at companies."""
        return self if user.sees_every_company else self.none()

    def matching(self, words: str) -> "CompanyQuerySet":
        """Those with every word somewhere in the name or slug."""
        found = self
        for word in words.split():
            found = found.filter(Q(name__icontains=word) | Q(slug__icontains=word))
        return found


class Company(models.Model):
    """A customer organisation, or the vendor. Never deleted; its slug is never reused."""

    slug = models.CharField(
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(
                r"\A[a-z0-9]+(-[a-z0-9]+)*\Z",
                _("Use lower-case letters, digits and single hyphens between them."),
            )
        ],
    )
    name = models.CharField(max_length=100)
    is_vendor = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    require_second_factor = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = CompanyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_vendor"], condition=Q(is_vendor=True), name="one_vendor"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("company", args=[self.slug])

    def unique_error_message(
        self, model_class: type[models.Model], unique_check: Sequence[str]
    ) -> ValidationError:
        """In the words of the form: only the slug is typed by somebody."""
        return ValidationError(_("Another company has this short name already."), code="unique")

    @property
    def party(self) -> Party:
        return Party("company", self.slug, self.name)

    def pulls(self) -> list[str]:
        """The patterns of what it may pull today."""
        return [entitlement.pattern for entitlement in self._entitlements_in_force()]

    def pushes(self) -> list[str]:
        """The patterns of what its tokens may be allowed to push to today."""
        in_force = self._entitlements_in_force()
        return [entitlement.pattern for entitlement in in_force if entitlement.can_push]

    def _entitlements_in_force(self) -> "models.QuerySet[Entitlement]":
        in_force = Q(ends_at=None) | Q(ends_at__gt=timezone.now())
        return self.entitlements.filter(in_force).order_by("pattern")


def _is_pattern(pattern: str) -> None:
    """Raises ValidationError unless it is a repository's name, or a prefix of one and ``/*``."""
    if not scopes.is_repository_name(pattern.removesuffix("/*")):
        raise ValidationError(
            _("Write a repository's name, or a prefix and /* for every repository below it.")
        )


class Entitlement(models.Model):
    """What a company may pull: a repository's exact name, or a prefix and ``/*``."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="entitlements")
    pattern = models.CharField(max_length=255, validators=[_is_pattern])
    can_push = models.BooleanField(default=False)
    ends_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "pattern"], name="one_entitlement_each"),
        ]

    def __str__(self) -> str:
        return self.pattern

    @property
    def is_in_force(self) -> bool:
        return self.ends_at is None or self.ends_at > timezone.now()


class Role(models.TextChoices):
    MEMBER = "member", _("member")
    AUDITOR = "auditor", _("auditor")
    ADMIN = "admin", _("administrator")


class UserManager(BaseUserManager["User"]):
    def visible_to(self, user: "User") -> "models.QuerySet[User]":
        """The user's colleagues; everybody for the vendor's admins and auditors."""
        return self.all() if user.sees_every_company else self.filter(company=user.company)

    def held(self, person: "User") -> "User":
        """The row as it is now; the company's is the lock, so that of two admins one remains."""
        return Company.objects.held(person.company_id).people.get(pk=person.pk)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)

    def matching(self, words: str) -> "models.QuerySet[User]":
        """Those with every word somewhere in the name or e-mail address."""
        found = self.all()
        for word in words.split():
            found = found.filter(Q(name__icontains=word) | Q(email__icontains=word))
        return found


class User(AbstractBaseUser):
    """A person of one company. Never deleted, because tokens and events name people."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100)
    company = models.ForeignKey(Company, models.PROTECT, related_name="people")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    is_active = models.BooleanField(default=True)
    # "" for the browser's, and in mails for the portal's.
    language = models.CharField(max_length=10, blank=True, default="", db_default="")
    # "" for the portal's.
    time_zone = models.CharField(max_length=40, blank=True, default="", db_default="")
    # By kind of mail, for those that somebody has chosen or refused.
    mail_choices = models.JSONField(
        blank=True, default=dict, db_default=models.Value({}, models.JSONField())
    )
    # How often all of their sessions were ended at once: those of an earlier count are over.
    sessions_ended = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(default=timezone.now)
    # When their access last ended; it stays when they are reactivated.
    deactivated_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="known_role"),
            models.UniqueConstraint(models.functions.Lower("email"), name="one_person_per_email"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def party(self) -> Party:
        return Party("person", str(self.public_id), self.name)

    def get_absolute_url(self) -> str:
        return reverse("person", args=[self.public_id])

    @property
    def is_operator(self) -> bool:
        """Whether they are an admin of the vendor: the same deeds, in every company."""
        return self.role == Role.ADMIN and self.company.is_vendor

    @property
    def sees_every_company(self) -> bool:
        return self.company.is_vendor and self.role in {Role.ADMIN, Role.AUDITOR}

    @property
    def needs_second_factor(self) -> bool:
        """Whether a password alone does not do: for the vendor, and where a company says so."""
        return self.company.is_vendor or self.company.require_second_factor

    @property
    def has_second_factor(self) -> bool:
        """Recovery codes are none of their own: they stand in for an app or a passkey."""
        codes = Authenticator.Type.RECOVERY_CODES
        return bool(Authenticator.objects.filter(user=self).exclude(type=codes).exists())

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which they read times."""
        try:
            return ZoneInfo(self.time_zone or settings.TIME_ZONE)
        except ZoneInfoNotFoundError:  # this machine does not know what another one knew
            return ZoneInfo(settings.TIME_ZONE)

    def get_session_auth_hash(self) -> str:
        """What a session must have been begun with to be one of theirs still."""
        return self._since_the_last_end(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """The same, for sessions that were begun under an earlier SECRET_KEY."""
        return map(self._since_the_last_end, super().get_session_auth_fallback_hash())

    def _since_the_last_end(self, session_hash: str) -> str:
        """No session comes back with somebody who was deactivated, or after all were ended."""
        return f"{session_hash}{self.sessions_ended or ''}{self.deactivated_at or ''}"


class Console:
    """Whoever types management commands on the server, or what acts there by itself: trusted, and
    named so in the trail.
    """

    def __init__(self, name: str) -> None:
        self.party = Party(name, "", name)


CONSOLE = Console("console")
JOURNAL = Console("journal")
Actor = User | Console
