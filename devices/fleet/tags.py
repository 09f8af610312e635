"""Tags: words by which people group nodes. A tag exists as long as a node has it."""

import re

from django.db.models import Count

from devices.models import Node, NodeTag
from devices.telemetry import presence
from webapp.accounts import audit
from webapp.live.errors import UserError

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
        raise UserError(
            "too_many_tags",
            "%(node)s has %(most)s tags, the most.",
            "Remove one first.",
            422,
            {"node": node.slug, "most": MOST},
        )
    NodeTag.objects.get_or_create(node=node, name=tag)
    return _changed(node, "tagged", tag)


def remove(node: Node, name: str) -> Node:
    """What it does not have is passed over. Raises UserError."""
    tag = checked(name)
    return _changed(node, "tag removed", tag) if node.tags.filter(name=tag).delete()[0] else node


def counts() -> list[dict[str, object]]:
    """Every tag with the number of its nodes, by name."""
    rows = NodeTag.objects.filter(node__revoked_at=None).order_by("name").values("name")
    return [{"name": row["name"], "nodes": row["nodes"]} for row in rows.annotate(nodes=Count("pk"))]


def _changed(node: Node, action: str, tag: str) -> Node:
    audit.record(None, action, f"node:{node.slug}", tag)
    presence.announce(node)
    return node
