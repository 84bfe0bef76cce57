"""Who is invited to which company, and is the invitation still open?"""

from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from tokens.models.accounts import Company, Party, Role, User

LIFETIME = timedelta(days=7)
_SALT = "tokens.invitation"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, user: User) -> "InvitationQuerySet":
        """Those to the user's company; to every company for the vendor's admins and auditors."""
        return self if user.sees_every_company else self.filter(company=user.company)

    def open(self) -> "InvitationQuerySet":
        return self.filter(accepted_at=None, expires_at__gt=timezone.now())

    def behind(self, key: str) -> "Invitation | None":
        """The open invitation that the key in a link was made for, if there is one."""
        try:
            public_id = signing.loads(key, salt=_SALT)
        except signing.BadSignature:
            return None
        return self.open().select_related("company").filter(public_id=public_id).first()


def _a_week_from_now() -> datetime:
    return timezone.now() + LIFETIME


class Invitation(models.Model):
    """Lets the owner of an e-mail address join a company, once, within seven days."""

    public_id = models.UUIDField(default=uuid4, unique=True, editable=False)
    company = models.ForeignKey(Company, models.PROTECT, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    invited_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    expires_at = models.DateTimeField(default=_a_week_from_now)
    accepted_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="known_invited_role"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def party(self) -> Party:
        return Party("invitation", str(self.public_id), self.email)

    @property
    def key(self) -> str:
        """What its link ends in. It is made when needed and stored nowhere."""
        return signing.dumps(str(self.public_id), salt=_SALT)

    @property
    def link(self) -> str:
        """Whoever has it can join as this address."""
        return f"{settings.PORTAL_URL}{reverse('join', args=[self.key])}"
