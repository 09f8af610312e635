"""Answer first, refine when unsure: which levels and which bound cost fewest bytes. Chosen on dev photos, measured on test photos."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from inference.lab.codes.codec_eval import Answered

LOSS = 0.003  # at most given up against the higher level alone, as a fraction
TRIED = np.linspace(0, 1, 41)  # quantiles of the lower level's confidence
KEPT = 3
SELDOM = 0.03  # of the questions; a lower level that is refined less is as good by itself, as far as dev photos can tell
WORTH_IT = 0.9  # of the higher level's bytes; more is no reason to ask twice

Packet = Callable[[int, int], int]  # (after, level) -> bytes, header included


def choose(dev: Sequence[Answered], packet: Packet) -> list[tuple[int, int, float]]:
    """`dev[n]` are a task's answers from level n + 1 -> (level, refine_to, sure_above), best first, each with another end."""
    found = []
    for high in range(2, len(dev) + 1):
        best = min((one for low in range(1, high) if (one := _bound(dev, low, high, packet))), default=None)
        if best is not None and best[0] <= WORTH_IT * packet(0, high):
            found.append((best, dev[high - 1].accuracy))
    useful = [(best, right) for best, right in found if not any(r >= right and b[0] < best[0] for b, r in found)]
    return [(low, high, bound) for (_, low, high, bound), _ in sorted(useful, key=lambda one: -one[1])[:KEPT]]


def _bound(dev: Sequence[Answered], low: int, high: int, packet: Packet) -> tuple[float, int, int, float] | None:
    """The lowest bound from which on no bound gives up more than LOSS: (expected bytes, low, high, bound)."""
    first, better, found, share = dev[low - 1], dev[high - 1], None, 0.0
    for bound in np.unique(np.quantile(first.confidence, TRIED).round(3))[::-1]:
        right, asked_again = first.refined(better, float(bound))
        if right < better.accuracy - LOSS:
            break
        share = asked_again
        found = expected_bytes(share, low, high, packet), low, high, float(bound)
    return found if share >= SELDOM else None


def expected_bytes(share: float, low: int, high: int, packet: Packet) -> float:
    return packet(0, low) + share * packet(low, high)


def entry(
    k: int, chosen: tuple[int, int, float], held: Sequence[Answered], packet: Packet
) -> dict[str, Any]:  # what it came to on photos that did not choose it
    low, high, bound = chosen
    right, share = held[low - 1].refined(held[high - 1], bound)
    return {"split_at": k, "level": low, "refine_to": high, "sure_above": bound,
            "expected_bytes": round(expected_bytes(share, low, high, packet), 1), "refined_share": round(share, 4),
            "accuracy": round(right, 4)}  # fmt: skip
