"""What templates need beside their own variables: the labels of every closed list for the page's scripts, and moments."""

from datetime import UTC, datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from webapp import page_data
from webapp.live.moments import iso

register = template.Library()
register.simple_tag(page_data.labels, name="labels")


@register.simple_tag
def label(kind: str, name: str) -> str:
    """What people read for one value of a closed list; its name where the list does not have it."""
    return next((row["label"] for row in page_data.labels()[kind] if row["name"] == name), name)


@register.simple_tag
def moment(value: datetime, shown: str = "minute") -> SafeString:
    """A moment to `shown`: "day", "minute" or "second". It is UTC, and says so, until static/js/times.js shows it in the
    viewer's time zone."""
    form = {"day": "%-d %b %Y", "minute": "%-d %b %Y, %H:%M UTC", "second": "%-d %b %Y, %H:%M:%S UTC"}[shown]
    words = value.astimezone(UTC).strftime(form)
    return format_html('<time datetime="{}" data-shown="{}">{}</time>', iso(value), shown, words)
