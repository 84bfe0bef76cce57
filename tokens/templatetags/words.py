"""How are times and numbers written?"""

import math
from datetime import UTC, datetime

from django import template
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tokens.models import Token
from tokens.pages import Page

register = template.Library()


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
def ago(moment: datetime) -> SafeString:
    """How long ago it was, with the exact moment for whoever hovers or listens."""
    exact = _in_words(moment)
    relative = naturaltime(moment)
    shown = format_html('{}<span class="visually-hidden">, {}</span>', relative, exact)
    return _time(moment, shown=shown, title=exact)


@register.simple_tag
def tokens_counted(page: Page[Token]) -> str:
    """How many tokens a list has."""
    if page.is_uncounted:
        return _("More than %(number)s tokens") % {"number": page.COUNTED}
    return ngettext("%(number)s token", "%(number)s tokens", page.count) % {"number": page.count}


@register.simple_tag
def tokens_found(page: Page[Token]) -> str:
    """How many tokens a search has found."""
    if page.is_uncounted:
        return _("More than %(number)s tokens found") % {"number": page.COUNTED}
    told = ngettext("%(number)s token found", "%(number)s tokens found", page.count)
    return told % {"number": page.count}


def _time(moment: datetime, *, shown: str, title: str = "") -> SafeString:
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        title or shown,
        shown,
    )


def _in_words(moment: datetime) -> str:
    return date_format(localtime(moment), "DATETIME_FORMAT")
