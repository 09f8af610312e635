"""What a node's row holds of updating its agent, the dictionary `agent_update`.

`rollout`, `digest`, `asked`: the update that it takes part in; `offered`, `healthy`: since when, ISO 8601. What lasts beyond
it: `failed`, why it went back, by digest; `request`, how often somebody asked again; `note` and `obstacle`, its own sentences.
"""

from collections.abc import Callable
from typing import Any

from django.db import transaction

from devices.models import Node

Update = dict[str, Any]
MOST_FAILURES = 5  # that a row holds


def with_failure(update: Update, digest: str, why: str) -> Update:
    last = list(update.get("failed", {}).items())[1 - MOST_FAILURES :]
    return {**update, "failed": {**dict(last), digest: why}}


def failure(node: Node, digest: str) -> str:
    """Why it went back from this agent; empty where it did not."""
    return str(node.agent_update.get("failed", {}).get(digest, ""))


def obstacle(node: Node) -> str:
    """Why it does not update itself, in its own words."""
    return str(node.agent_update.get("obstacle", ""))


def request(update: Update) -> int:
    """How often a person asked again for what had failed."""
    return int(update.get("request", 0))


def asked_again(update: Update, digest: str) -> Update:
    """As if it had not failed with this one; its reports of that failure name the earlier request."""
    failed = {other: why for other, why in update.get("failed", {}).items() if other != digest}
    return {**update, "failed": failed, "request": request(update) + 1}


def lasting(update: Update) -> Update:
    """What is true of a node without a rollout."""
    return {name: value for name, value in update.items() if name in ("failed", "obstacle", "note", "request")}


def store(node: Node, change: Callable[[Update], Update]) -> None:
    """The clock and heartbeats write at the same time."""
    with transaction.atomic():
        present = Node.objects.select_for_update().filter(pk=node.pk).values_list("agent_update", flat=True).first()
        if present is not None:
            node.agent_update = change(present)
            Node.objects.filter(pk=node.pk).update(agent_update=node.agent_update)
