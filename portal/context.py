"""What does every template know?"""

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, str]:
    """The brand and the registry's host."""
    return {"brand": settings.PORTAL_BRAND, "registry": settings.REGISTRY_HOST}
