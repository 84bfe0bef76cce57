"""Who looked through a company's tokens, and when?"""

from django.db import models
from django.utils import timezone

from tokens.models.accounts import Company, User


class Review(models.Model):
    """Somebody looked through the inventory as it was then. Never changed or removed."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="reviews")
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    tokens = models.PositiveIntegerField()
    live = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["company", "-at"], name="last_review")]

    def __str__(self) -> str:
        return f"{self.company_id} at {self.at:%Y-%m-%d}"
