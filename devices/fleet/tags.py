"""Tags: words by which people group nodes. A tag exists as long as a node has it."""

import re
from collections.abc import Iterable

from django.db.models import Count
from django.utils.translation import gettext_noop

from devices.models import Node, NodeTag
from devices.telemetry import presence
from webapp.accounts import audit
from webapp.live.errors import UserError, not_found

NAME = re.compile(r"[^\W_](?:[\w-]{0,28}[^\W_])?")
MOST = 20  # of one node
BAD_TAG = UserError(
    "bad_tag",
    "A tag is one word of at most 30 letters, digits and hyphens.",
    "Choose another word.",
    422,
)


def checked(name: str) -> str:
    """The tag as it is stored. Raises UserError."""
    tag = name.strip().lower()
    if not NAME.fullmatch(tag):
        raise BAD_TAG
    return tag


def add(node: Node, name: str) -> Node:
    """Raises UserError."""
    tag = checked(name)
    if node.tags.filter(name=tag).exists():
        return node
    if node.tags.count() >= MOST:
        raise _too_many(node)
    NodeTag.objects.get_or_create(node=node, name=tag)
    return _changed(node, gettext_noop("tagged"), tag)


def remove(node: Node, name: str) -> Node:
    """What it does not have is passed over. Raises UserError."""
    tag = checked(name)
    return _changed(node, gettext_noop("tag removed"), tag) if node.tags.filter(name=tag).delete()[0] else node


def replace(slug: str, names: Iterable[str]) -> Node:
    """Have these tags and no others. Raises UserError, and changes nothing then."""
    node = Node.objects.filter(slug=slug, revoked_at=None).first()
    if node is None:
        raise not_found("node")
    wanted, present = {checked(name) for name in names}, set(node.tags.values_list("name", flat=True))
    if len(wanted) > MOST:
        raise _too_many(node)
    for name in sorted(present - wanted):
        remove(node, name)
    for name in sorted(wanted - present):
        add(node, name)
    return node


def counts() -> list[dict[str, object]]:
    """Every tag with the number of its nodes, by name."""
    rows = NodeTag.objects.filter(node__revoked_at=None).order_by("name").values("name")
    return [{"name": row["name"], "nodes": row["nodes"]} for row in rows.annotate(nodes=Count("pk"))]


def _changed(node: Node, action: str, tag: str) -> Node:
    audit.record(None, action, f"node:{node.slug}", tag)
    presence.announce(node)
    return node


def _too_many(node: Node) -> UserError:
    values = {"node": node.slug, "most": MOST}
    return UserError("too_many_tags", "%(node)s can have %(most)s tags, and no more.", "Leave some out.", 422, values)
