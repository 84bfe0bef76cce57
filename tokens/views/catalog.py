"""Which images may the company pull?"""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tokens import catalog, grants
from tokens.views.request import PersonRequest


@require_safe
def index(request: PersonRequest) -> HttpResponse:
    """What the registry holds of what the company is entitled to."""
    patterns = request.user.company.pulls()
    listing = catalog.listing(sign=grants.for_portal).covered_by(patterns)
    context = {"listing": listing, "patterns": patterns, "registry": settings.REGISTRY_HOST}
    return render(request, "catalog/index.html", context)
