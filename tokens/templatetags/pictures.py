"""How are figures drawn?"""

from collections.abc import Iterator
from datetime import date

from django import template
from django.utils.formats import date_format, number_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

register = template.Library()

HEIGHT = 60
STEP = 10  # from bar to bar
BAR = '<rect x="{}" y="{}" width="8" height="{}"><title>{}: {}</title></rect>'


@register.simple_tag
def bars(numbers: list[tuple[date, int]]) -> str:
    """A bar for each day; whoever cannot see them hears the total and the greatest."""
    if not any(number for _day, number in numbers):
        return _("None in %(days)s days") % {"days": len(numbers)}
    greatest_day, greatest = max(numbers, key=lambda number: number[1])
    label = _("%(total)s in %(days)s days, most on %(day)s: %(greatest)s") % {
        "total": number_format(sum(number for _day, number in numbers)),
        "days": len(numbers),
        "day": date_format(greatest_day, "DATE_FORMAT"),
        "greatest": number_format(greatest),
    }
    drawn = format_html_join("", BAR, _bars(numbers, greatest=greatest))
    width = STEP * len(numbers)
    return format_html(
        '<svg role="img" aria-label="{0}" width="{1}" height="{2}" viewBox="0 0 {1} {2}"'
        ' fill="currentColor">{3}</svg>',
        label,
        width,
        HEIGHT,
        drawn,
    )


def _bars(numbers: list[tuple[date, int]], *, greatest: int) -> Iterator[tuple[object, ...]]:
    for place, (day, number) in enumerate(numbers):
        height = 1 + round((HEIGHT - 1) * number / greatest)
        yield place * STEP, HEIGHT - height, height, date_format(day, "DATE_FORMAT"), number
