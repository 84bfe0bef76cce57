"""What does every template know?"""

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from tokens import grants
from tokens.registry.authority import AuthorityError


def portal(request: HttpRequest) -> dict[str, object]:
    """The brand, the registry's host, and for operators what they must know in time."""
    return {
        "brand": settings.PORTAL_BRAND,
        "colour": settings.PORTAL_COLOUR,
        "logo": settings.PORTAL_LOGO,
        "registry": settings.REGISTRY_HOST,
        "authority_left": _authority_left() if _is_operator(request) else None,
    }


def _is_operator(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated and user.is_operator


def _authority_left() -> int | None:
    """In how many days the signing authority ends, where that is soon."""
    try:
        left = grants.authority_ends_soon(timezone.now())
    except AuthorityError:
        return 0
    return None if left is None else max(left.days, 0)
