"""Heartbeats as nearly all of them are: of a known node, with nothing in them that is written down elsewhere.

Those are stored several at once (devices.heartbeat). Everything else is left to the operation `send_heartbeat`, which also
words what is refused: what cannot be read, unknown tokens, and whatever has an entry in the audit trail.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError

from devices import heartbeat
from devices.contract.heartbeat import Report
from devices.models import Node
from devices.registry import enrolment
from webapp.live.storable import is_storable

FIELDS = frozenset(Report.model_fields) - {"refused"}
SELDOM_READ = ("measured", "labelled")  # long columns of a node
Reply = dict[str, Any]


class Sent(NamedTuple):
    """A heartbeat as it came: the token, and the bytes of its body."""

    token: str
    body: bytes


def reply_to(sent: Sequence[Sent]) -> list[Reply | None]:
    """The reply to each, None for those that are left to the operation. Of one token the first one counts. Raises
    DatabaseError; nothing was stored then."""
    reports = {each.token: report for each in reversed(sent) if (report := _report(each.body)) is not None}
    nodes = _nodes(reports)
    beats = {token: heartbeat.Beat(node, reports[token]) for token, node in nodes.items() if _is_routine(node, reports[token])}
    heartbeat.receive_all(list(beats.values()))
    replies: list[Reply | None] = []
    for each in sent:
        beat = beats.pop(each.token, None)
        replies.append(None if beat is None or beat.is_revoked else beat.reply)
    return replies


def _report(body: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(body)
        if not (isinstance(content, dict) and content.keys() <= FIELDS and is_storable(content)):
            return None
        if content.get("redis") == "refused":  # its user is created again, and Redis may be slow to answer
            return None
        report = Report.model_validate(content).model_dump(exclude_unset=True)
        return None if (report.get("update") or {}).get("failed") else report
    except (ValueError, RecursionError, ValidationError):
        return None


def _nodes(tokens: Iterable[str]) -> dict[str, Node]:
    by_digest = {enrolment.sha256(token): token for token in tokens}
    rows = Node.objects.filter(token_sha256__in=by_digest, revoked_at=None).order_by().defer(*SELDOM_READ)
    return {by_digest[node.token_sha256]: node for node in rows}


def _is_routine(node: Node, report: dict[str, Any]) -> bool:
    errand = node.wishes or node.rotation or "refused" in node.change
    return not (errand or heartbeat.replaced_hardware(node, report))
