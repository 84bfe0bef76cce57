"""What did the jobs last see?"""

from django.db import models


class Sighting(models.Model):
    """What a job last saw of something outside, for whoever asks whether all is well."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()
    seen = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name
