"""Whether a notice about a flapping subject is delivered. Pure.

The first of each direction is. A further one within the quiet time is held until that is over, and delivered then only if it is
still the newest and says something else than what was delivered last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum


class Verdict(Enum):
    DELIVER = "deliver"
    DROP = "drop"


@dataclass(frozen=True)
class Past:
    """Another notice of the same group about the same subject."""

    kind: str
    at: datetime
    newer: bool  # than the one in question
    delivered: bool


def decide(kind: str, held: bool, others: Sequence[Past], now: datetime, quiet: timedelta) -> Verdict | datetime:
    """A moment: hold it until then. `held`: it was held before."""
    delivered = sorted((past for past in others if past.delivered), key=lambda past: past.at)
    if held:
        superseded = any(past.newer for past in others)
        repeats = bool(delivered) and delivered[-1].kind == kind
        return Verdict.DROP if superseded or repeats else Verdict.DELIVER
    same = [past.at for past in delivered if past.kind == kind and now < past.at + quiet]
    return max(same) + quiet if same else Verdict.DELIVER
