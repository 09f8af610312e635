"""What templates need beside their own variables: the labels of every closed list."""

from django import template

from webapp import page_data
from webapp.accounts import audit

register = template.Library()
register.simple_tag(page_data.labels, name="labels")
register.filter("actor", audit.name)


@register.simple_tag
def label(kind: str, name: str) -> str:
    """What people read for one value of a closed list; its name where the list does not have it."""
    return next((row["label"] for row in page_data.labels()[kind] if row["name"] == name), name)
