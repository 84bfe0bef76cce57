"""What does the brand bring to every page? Its colour, as a style sheet, and its logo."""

import mimetypes

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

STYLE = ":root {{ --brand: light-dark({on_light}, {on_dark}); --on-brand: light-dark(#fff, #000) }}"


@require_safe
@login_not_required  # the sign-in page wears it
@cache_control(public=True, max_age=86_400)
def style(request: HttpRequest) -> HttpResponse:
    """The colour; the address of the sheet changes with it."""
    sheet = STYLE.format(**settings.PORTAL_COLOUR._asdict())
    return HttpResponse(sheet, content_type="text/css")


@require_safe
@login_not_required  # the sign-in page wears it
@cache_control(public=True, max_age=86_400)
def logo(request: HttpRequest) -> HttpResponse:
    """The logo as it is; no script in it runs, because the policy of every answer allows none."""
    if not settings.PORTAL_LOGO:
        raise Http404
    kind, _encoding = mimetypes.guess_type(settings.PORTAL_LOGO)
    return HttpResponse(settings.PORTAL_LOGO.read_bytes(), content_type=kind)
