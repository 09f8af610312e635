"""The events that may cross a socket. An event that is not in `KINDS` is refused by publish(): a typo is a bug, not a new feature.

The database is the truth; an event is a hint. Events about a turn carry the turn's `seq`, which grows by one with each
stored transition, so that a page which sees a gap fetches the turn again.
"""

from typing import Any, TypedDict

KINDS = frozenset(
    {
        "turn.phase",
        "turn.plan",
        "turn.receipt",
        "turn.answer",
        "node.state",
        "node.sample",
        "link.sample",
        "run.round",
        "run.client",
        "run.state",
    }
)


class Event(TypedDict, total=False):
    type: str
    turn: str
    seq: int
    node: Any
    state: str


def check(event: dict[str, Any]) -> None:
    if event.get("type") not in KINDS:
        raise ValueError(f"{event.get('type')!r} is not a live event")
