"""Which kinds of fields do several forms have?"""

import re
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.timezone import is_naive, make_aware
from django.utils.translation import gettext_lazy as _

from tokens import text

LONGEST_FILTER = 100
YEARS = range(2000, 3000)
DAY = r"\d{4}-\d\d-\d\d"


class OneLine(forms.CharField):
    """A line of text for others to read, by the rules of ``tokens.text``; or none, if it may."""

    def __init__(self, *, least: int, most: int, **options: Any) -> None:
        super().__init__(strip=False, **options)
        self.least, self.most = least, most
        self.widget.attrs |= {"minlength": least, "maxlength": most}

    def clean(self, value: Any) -> str:
        written = super().clean(value)
        if not self.required and not written.strip():
            return ""
        return text.one_line(written, least=self.least, most=self.most)


class Filter(forms.CharField):
    """What is asked for of a list, or nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, max_length=LONGEST_FILTER, **options)


class Moment(Filter):
    """A day, or a moment in ISO 8601, as an aware datetime.

    Args:
        is_end: a day stands for its end, so that the whole of it lies before.
    """

    def __init__(self, *, is_end: bool = False, **options: Any) -> None:
        super().__init__(widget=forms.DateInput({"type": "date"}), **options)
        self._is_end = is_end

    def prepare_value(self, value: Any) -> Any:
        """Browsers show days alone, and complain of anything else."""
        return value if re.fullmatch(DAY, str(value)) else ""

    def clean(self, value: Any) -> datetime | None:
        written = super().clean(value)
        try:
            day, moment = parse_date(written), parse_datetime(written)
        except ValueError:
            day = moment = None
        if day and day.year in YEARS:
            moment = datetime.combine(day + timedelta(days=self._is_end), time.min)
        if written and not (moment and moment.year in YEARS):
            raise forms.ValidationError(_("Write a day such as 2026-03-31."), code="invalid")
        return make_aware(moment) if moment and is_naive(moment) else moment
