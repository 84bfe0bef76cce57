"""Which tokens are there, and how does each stand?"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from tokens import credentials
from tokens.models import search
from tokens.models.accounts import Company, Party, User
from tokens.models.uses import Use, UseQuerySet

UNUSED_AFTER = timedelta(days=30)
IDLE_AFTER = timedelta(days=90)


class Status(models.TextChoices):
    LIVE = "live", _("live")
    REVOKED = "revoked", _("revoked")
    EXPIRED = "expired", _("expired")
    SUSPENDED = "suspended", _("suspended")


class TokenQuerySet(models.QuerySet["Token"]):
    def of(self, company: Company) -> Self:
        return self.filter(company=company)

    def visible_to(self, user: User) -> Self:
        """Those of the user's company; every company's for the vendor's admins and auditors."""
        return self if user.sees_every_company else self.of(user.company)

    def chosen(self, status: str) -> Self:
        """Those with a status as the list's filter names it; all but the revoked ones for ""."""
        choices = {"live": self.live, "unused": self.unused, "revoked": self.revoked}
        return choices.get(status, self.listed)()

    def older_than(self, username: str, *, of: Company) -> Self | None:
        """Those requested before a token of the company; None where it has no such token."""
        is_username = credentials.is_username(username)
        mark = Token.objects.of(of).filter(username=username).first() if is_username else None
        if mark is None:
            return None
        since = Q(requested_at=mark.requested_at, pk__gte=mark.pk)
        return self.filter(requested_at__lte=mark.requested_at).exclude(since)

    def twin_of(self, token: "Token") -> "Token | None":
        """Another live token with the same description, if there is one."""
        return self.live().filter(description=token.description).exclude(pk=token.pk).first()

    def live(self) -> Self:
        return self.filter(
            Q(expires_at=None) | Q(expires_at__gt=Now()), revoked_at=None, suspended_at=None
        )

    def unused(self) -> Self:
        """Live, and never used although requested more than 30 days ago."""
        since = timezone.now() - UNUSED_AFTER
        return self.live().filter(~Exists(_uses()), requested_at__lt=since)

    def idle(self) -> Self:
        """Live, and for 90 days neither used nor, where they never were, requested."""
        since = timezone.now() - IDLE_AFTER
        lately = _uses().filter(last_at__gte=since)
        return self.live().filter(~Exists(lately), requested_at__lt=since)

    def revoked(self) -> Self:
        return self.exclude(revoked_at=None)

    def with_last_used_at(self) -> Self:
        """Each with when it was used last, by the same query."""
        return self.annotate(last_used_at=Subquery(_uses().newest_first().values("last_at")[:1]))

    def with_newest_uses(self, most: int = 1) -> Self:
        """Each with where and when it was used last, by one more query for all of them."""
        newest = Use.objects.newest_first()[:most]
        return self.prefetch_related(Prefetch("uses", newest, to_attr="newest_uses"))

    def last_used_first(self) -> Self:
        """Those that were never used come last; of one moment, the newest first."""
        last_used = F("last_used_at").desc(nulls_last=True)
        return self.with_last_used_at().order_by(last_used, "-pk")

    def listed(self) -> Self:
        """All but the revoked ones, which are history."""
        return self.filter(revoked_at=None)

    def matching(self, words: str, *, people: "models.QuerySet[User]") -> Self:
        """Those with every word somewhere in the description, username or requester's name.

        A word may also be the requester's e-mail address, or the last characters of a secret, by
        which people recognise it.

        Args:
            people: who may have requested them.
        """
        found = self
        for word in set(words.split()):
            named = Q(requested_by__in=people.filter(_is_called(word)))
            hinted = Q(pk__in=Secret.objects.hinted(word))
            found = found.filter(search.has(word) | named | hinted)
        longest = max(words.split(), key=len, default="")
        if not longest or people.filter(_is_called(longest)).exists():
            return found
        keys = search.keys(longest, among=Token.objects.all())
        if keys is None:
            return found
        hinted = Q(pk__in=Secret.objects.hinted(longest))
        # By their keys alone: beside a company SQLite would rather walk through all of its list.
        few = found.filter(Q(pk__in=keys) | hinted).order_by().values_list("pk", flat=True)
        return type(self)(self.model, using=self.db).filter(pk__in=list(few))

    def with_secrets(self, digests: Collection[bytes]) -> Self:
        """Those whose secrets, the retired ones too, have these digests."""
        return self.filter(pk__in=Secret.objects.filter(digest__in=digests).values("token"))


def _uses() -> UseQuerySet:
    """Those of each token that a query is about."""
    return Use.objects.filter(token=OuterRef("pk"))


def _is_called(word: str) -> Q:
    return Q(name__icontains=word) | Q(email__iexact=word)


class Token(models.Model):
    """What a machine logs in with. It belongs to the company; revoked ones stay as history."""

    # Two other indexes begin with the company.
    company = models.ForeignKey(Company, models.PROTECT, related_name="tokens", db_index=False)
    username = models.CharField(max_length=60, unique=True)
    description = models.CharField(max_length=200)
    requested_by = models.ForeignKey(User, models.PROTECT, related_name="requested_tokens")
    requested_at = models.DateTimeField(default=timezone.now)
    # Since when it has stood under the name of somebody who did not request it.
    handed_over_at = models.DateTimeField(null=True, blank=True)
    request_nonce = models.CharField(max_length=64)
    can_push = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="revoked_tokens"
    )
    revoked_reason = models.CharField(max_length=200, blank=True)

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "request_nonce"], name="one_token_per_request"
            ),
            models.CheckConstraint(
                condition=Q(revoked_at=None, revoked_by=None) | Q(revoked_at__isnull=False),
                name="revoked_by_somebody_at_some_time",
            ),
        ]
        indexes = [
            models.Index(F("company"), F("requested_at").desc(), F("id").desc(), name="newest"),
        ]

    def __str__(self) -> str:
        return self.description

    def get_absolute_url(self) -> str:
        return reverse("token", args=[self.username])

    @property
    def party(self) -> Party:
        return Party("token", self.username, self.description)

    @property
    def status(self) -> Status:
        if self.revoked_at:
            return Status.REVOKED
        if self.suspended_at:
            return Status.SUSPENDED
        if self.expires_at and self.expires_at <= timezone.now():
            return Status.EXPIRED
        return Status.LIVE

    @property
    def is_live(self) -> bool:
        return self.status == Status.LIVE

    @cached_property
    def newest_uses(self) -> list[Use]:
        """The last one, if there is any; or as many as ``with_newest_uses`` has fetched."""
        return list(self.uses.newest_first()[:1])

    @property
    def last_use(self) -> Use | None:
        return next(iter(self.newest_uses), None)

    @cached_property
    def last_used_at(self) -> datetime | None:
        """As ``with_last_used_at`` tells it of many tokens at once."""
        return self.last_use.last_at if self.last_use else None

    @property
    def is_long_unused(self) -> bool:
        """Whether it is live and nobody logged in with it in the 30 days since its request."""
        old = self.requested_at < timezone.now() - UNUSED_AFTER
        return self.is_live and old and self.last_used_at is None

    @property
    def days_idle(self) -> int:
        """Whole days since it was last used; 0 as well when it never was."""
        return (timezone.now() - self.last_used_at).days if self.last_used_at else 0


class SecretManager(models.Manager["Secret"]):
    def hinted(self, word: str) -> "models.QuerySet[Secret, Any]":
        """The tokens with a secret that ends with the word, where it is as long as a hint."""
        is_hint = len(word) == credentials.HINT_LENGTH
        return (self.filter(hint=word) if is_hint else self.none()).values("token")

    def mint(self, token: Token) -> str:
        """Stores the digest of a new secret for the token, and answers the secret itself."""
        secret = credentials.mint_secret(settings.SECRET_PREFIX)
        self.create(token=token, digest=credentials.digest(secret), hint=credentials.hint(secret))
        return secret


class Secret(models.Model):
    """The password half of a token, as its digest: one, or two while one replaces another."""

    token = models.ForeignKey(Token, models.PROTECT, related_name="secrets")
    digest = models.BinaryField(max_length=32, unique=True)
    hint = models.CharField(max_length=4)
    created_at = models.DateTimeField(default=timezone.now)
    retires_at = models.DateTimeField(null=True, blank=True)

    objects = SecretManager()

    class Meta:
        indexes = [models.Index(fields=["hint"], name="secrets_by_hint")]

    def __str__(self) -> str:
        return f"…{self.hint}"

    def __repr__(self) -> str:
        return f"<Secret {self.pk}>"
