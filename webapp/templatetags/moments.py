"""Moments as people say them."""

from datetime import UTC, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from webapp.live.moments import iso

register = template.Library()


@register.filter
def ago(moment: datetime) -> str:
    """“3 hours ago”; the largest unit is precise enough."""
    now = timezone.now()
    return "just now" if now - moment < timedelta(minutes=1) else f"{timesince(moment, now, depth=1)} ago"


@register.simple_tag
def moment(value: datetime, shown: str = "minute") -> SafeString:
    """A moment to `shown`: "day", "minute" or "second". It is UTC, and says so, until static/js/times.js shows it in the
    viewer's time zone."""
    form = {"day": "%-d %b %Y", "minute": "%-d %b %Y, %H:%M UTC", "second": "%-d %b %Y, %H:%M:%S UTC"}[shown]
    words = value.astimezone(UTC).strftime(form)
    return format_html('<time datetime="{}" data-shown="{}">{}</time>', iso(value), shown, words)
