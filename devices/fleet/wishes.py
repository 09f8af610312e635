"""What an agent is asked for from here: to restart, and to send its recent log. It learns of it with its next heartbeat.

A wish is stored in its node's row until the agent has done it, or its time is over. Agents of earlier versions do not report
the ability, and nothing is asked of them.
"""

import json
import logging
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict

import redis
from django.db import transaction
from django.utils import timezone

from devices.contract.heartbeat import RecentLog
from devices.contract.protocol import RECENT_LOG, RESTART
from devices.models import Node
from devices.producer import bulk
from devices.telemetry import presence
from webapp.accounts import audit
from webapp.live.errors import UserError, not_found

VALID = timedelta(seconds=90)  # of a wish: models are loaded within it, or the page says that nothing came
LOG_S = 600  # how long a log that came is stored, in Redis
REDIS_DOWN = UserError("redis_down", "Redis does not answer.", "Try again in a moment.", 503)
log = logging.getLogger(__name__)
Ask = Mapping[str, str]


class LogData(TypedDict):
    """`state`: `none` (nobody asked, or it has expired), `waiting`, `here`, or `missing` (it did not come)."""

    state: Literal["none", "waiting", "here", "missing"]
    at: str | None  # ISO 8601, when it came
    text: str


def restart(slug: str) -> Node:
    """Have the agent start over; what it computes ends first, for some seconds. Raises UserError."""
    node = _able(slug, RESTART, "cannot be restarted from here", "restart its service on the board")
    _put(node, RESTART, {"boot": node.boot})
    audit.record(None, "restart asked for", f"node:{slug}")
    presence.announce(node)
    return node


def ask_for_log(slug: str) -> None:
    """Raises UserError."""
    node = _able(slug, RECENT_LOG, "does not send its log", "read the log of its service on the board")
    try:
        bulk().delete(_key(slug))
    except redis.RedisError as error:
        raise REDIS_DOWN from error
    _put(node, RECENT_LOG, {"request": secrets.token_hex(8)})
    audit.record(None, "log asked for", f"node:{slug}")


def log_of(slug: str) -> LogData:
    """The newest log that came. Raises UserError."""
    node = _node(slug)
    wish = node.wishes.get(RECENT_LOG)
    if wish and not _over(wish, timezone.now()):
        return {"state": "waiting", "at": None, "text": ""}
    try:
        stored = bulk().get(_key(slug))
    except redis.RedisError as error:
        raise REDIS_DOWN from error
    if stored:
        body = json.loads(stored)  # type: ignore[arg-type]
        return {"state": "here", "at": body["at"], "text": body["text"]}
    return {"state": "missing" if wish else "none", "at": None, "text": ""}


def receive_log(node: Node, sent: RecentLog) -> bool:
    """Whether it was stored: what nobody asked for is dropped. Raises UserError."""
    if node.wishes.get(RECENT_LOG, {}).get("request") != sent.request:
        log.info("%s sent a log that nobody asked for", node.slug)
        return False
    text = "".join(letter for letter in sent.text if letter.isprintable() or letter in "\n\t")
    body = json.dumps({"at": timezone.now().isoformat(), "text": text})
    try:
        bulk().set(_key(node.slug), body, ex=LOG_S)
    except redis.RedisError as error:
        raise REDIS_DOWN from error
    _drop(node, RECENT_LOG)
    return True


def for_node(node: Node) -> dict[str, str]:
    """Of the reply to a heartbeat. A restart is over once the agent reports another start."""
    now, reply = timezone.now(), {}
    wishes: dict[str, Any] = node.wishes
    if (wish := wishes.get(RESTART)) and (wish["boot"] != node.boot or _over(wish, now)):
        _drop(node, RESTART)
        if wish["boot"] != node.boot:
            audit.record(node.slug, "restarted", f"node:{node.slug}")
        presence.announce(node)
    elif wish:
        reply["restart"] = str(wish["boot"])
    if (wish := wishes.get(RECENT_LOG)) and not _over(wish, now):
        reply["log"] = str(wish["request"])
    return reply


def _able(slug: str, ability: str, cannot: str, instead: str) -> Node:
    """A node that can be asked for this now. Raises UserError."""
    node = _node(slug)
    if node.revoked_at is not None:
        raise not_found("node")
    state = presence.state(node, timezone.now())
    if state not in ("online", "stale"):
        raise UserError("node_offline", f"{slug} is {state}, so nothing reaches its agent.", f"Go to it and {instead}.", 409)
    if ability not in node.abilities:
        version = node.versions.get("agent") or "unknown"
        advice = f"Run the installer on it again, or {instead}."
        raise UserError("agent_too_old", f"The agent of {slug} (version {version}) {cannot}: it is too old.", advice, 409)
    return node


def _put(node: Node, ability: str, wish: Ask) -> None:
    _update(node, lambda wishes: {**wishes, ability: {**wish, "at": timezone.now().isoformat()}})


def _drop(node: Node, ability: str) -> None:
    _update(node, lambda wishes: {name: wish for name, wish in wishes.items() if name != ability})


def _update(node: Node, change: Any) -> None:
    with transaction.atomic():
        present = Node.objects.select_for_update().filter(pk=node.pk).values_list("wishes", flat=True).first()
        if present is not None:
            node.wishes = change(present)
            Node.objects.filter(pk=node.pk).update(wishes=node.wishes)


def _node(slug: str) -> Node:
    node = Node.objects.filter(slug=slug).first()
    if node is None:
        raise not_found("node")
    return node


def _over(wish: Ask, now: datetime) -> bool:
    return now - datetime.fromisoformat(wish["at"]) > VALID


def _key(slug: str) -> str:
    return f"cloud:agent-log:{slug}"  # under no node's prefix: `cloud` is no node's name
