"""How are times and numbers written?"""

import math
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django import template
from django.utils.formats import date_format, number_format, time_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime, now
from django.utils.translation import get_language, ngettext, ngettext_lazy
from django.utils.translation import gettext as _

from tokens.models import Token
from tokens.pages import Page

register = template.Library()

TIME = '<time datetime="{}" title="{}">{}</time>'
AGO = TIME.replace(">{}<", '><span data-ago>{{}}</span><span class="visually-hidden">, {}</span><')
# portal.js has the same, so that what it writes later is what stood there.
UNITS = (
    (timedelta(days=365), ngettext_lazy("%d year ago", "%d years ago")),
    (timedelta(days=30), ngettext_lazy("%d month ago", "%d months ago")),
    (timedelta(days=1), ngettext_lazy("%d day ago", "%d days ago")),
    (timedelta(hours=1), ngettext_lazy("%d hour ago", "%d hours ago")),
    (timedelta(minutes=1), ngettext_lazy("%d minute ago", "%d minutes ago")),
)


@register.filter
def duration(seconds: int) -> str:
    """A bound in words, rounded up: ``2 seconds``, ``6 minutes``."""
    if seconds < 60:
        return ngettext("%d second", "%d seconds", seconds) % seconds
    minutes = math.ceil(seconds / 60)
    return ngettext("%d minute", "%d minutes", minutes) % minutes


@register.simple_tag
def exactly(moment: datetime) -> SafeString:
    """The moment in the reader's zone, with the zone named; in UTC for machines."""
    return _time(moment, shown=_in_words(moment))


@register.simple_tag
def clock(moment: datetime) -> SafeString:
    """The time of a moment of today; the exact moment of any other, and for whoever hovers."""
    is_today = localtime(moment).date() == localtime().date()
    exact = _in_words(moment)
    shown = time_format(localtime(moment), "TIME_FORMAT") if is_today else exact
    return _time(moment, shown=shown, title=exact)


@register.simple_tag
def ago(moment: datetime) -> SafeString:
    """How long ago it was, with the exact moment for whoever hovers or listens.

    The script keeps it right while the page stands open, in the same words.
    """
    local = localtime(moment)
    around = _around_an_age(local, str(local.tzinfo), get_language())
    return format_html(around, since(now() - moment))


def since(age: timedelta) -> str:
    """An age in its largest whole unit: ``just now``, ``1 minute ago``, ``2 months ago``."""
    for unit, words in UNITS:
        if age >= unit:
            return str(words % (age // unit))
    return _("just now")


@register.simple_tag
def tokens_counted(page: Page[Token]) -> str:
    """How many tokens a list has."""
    if page.is_uncounted:
        return _("More than %(number)s tokens") % {"number": number_format(page.COUNTED)}
    told = ngettext("%(number)s token", "%(number)s tokens", page.count)
    return told % {"number": number_format(page.count)}


@register.simple_tag
def tokens_found(page: Page[Token]) -> str:
    """How many tokens a search has found."""
    if page.is_uncounted:
        return _("More than %(number)s tokens found") % {"number": number_format(page.COUNTED)}
    told = ngettext("%(number)s token found", "%(number)s tokens found", page.count)
    return told % {"number": number_format(page.count)}


def _time(moment: datetime, *, shown: str, title: str = "") -> SafeString:
    return format_html(TIME, _for_machines(moment), title or shown, shown)


def _for_machines(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _in_words(moment: datetime) -> str:
    local = localtime(moment)
    return _written(local, str(local.tzinfo), get_language())


# To write a moment costs as much as half of its row, and a list shows the same ones every time.
# The zone is asked for by name, because moments are equal whatever zone they are in.
@lru_cache(maxsize=10_000)
def _written(local: datetime, zone: str, language: str | None) -> str:
    return date_format(local, "DATETIME_FORMAT")


@lru_cache(maxsize=10_000)
def _around_an_age(local: datetime, zone: str, language: str | None) -> str:
    """The element of a moment, with a place for its age."""
    exact = _written(local, zone, language)
    return format_html(AGO, _for_machines(local), exact, exact)
