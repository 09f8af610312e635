"""Moments as people say them."""

from datetime import UTC, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import get_language, gettext

from webapp.languages import SOURCE
from webapp.live.moments import iso

register = template.Library()


def _is_english() -> bool:
    return (get_language() or SOURCE) == SOURCE


def _localized(value: datetime, shown: str) -> str:
    day = date_format(value, "DATE_FORMAT")
    return day if shown == "day" else f"{day}, {value.strftime('%H:%M' if shown == 'minute' else '%H:%M:%S')} UTC"


@register.filter
def ago(moment: datetime) -> str:
    """“3 hours ago”; the largest unit is precise enough."""
    now = timezone.now()
    if now - moment < timedelta(minutes=1):
        return gettext("just now")
    return gettext("%(time)s ago") % {"time": timesince(moment, now, depth=1)}


@register.simple_tag
def moment(value: datetime, shown: str = "minute") -> SafeString:
    """A moment to `shown`: "day", "minute" or "second". It is UTC, and says so, until static/js/times.js shows it in the
    viewer's time zone."""
    form = {"day": "%-d %b %Y", "minute": "%-d %b %Y, %H:%M UTC", "second": "%-d %b %Y, %H:%M:%S UTC"}[shown]
    words = value.astimezone(UTC).strftime(form) if _is_english() else _localized(value.astimezone(UTC), shown)
    return format_html('<time datetime="{}" data-shown="{}">{}</time>', iso(value), shown, words)
