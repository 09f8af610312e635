"""What may be chosen although nobody measured what it costs in accuracy: only what is nearly lossless by itself. Pure.

A photo encoded at a high quality is; a low quality is not, and a feature code never is: what its levels cost depends on the
model behind it.
"""

from collections.abc import Iterable

from inference.placement.prediction import Candidate

# By photo codec, the quality from which an encoding at the model's own input size counts as nearly lossless.
NEARLY_LOSSLESS = {"jpeg": 90, "webp": 90, "avif": 90}

NOT_MEASURED = "What it costs in accuracy was not measured."
TOO_LOSSY = "What it costs in accuracy was not measured, so only nearly lossless ways are allowed."
REASON = " What smaller ways cost in accuracy was not measured, so only nearly lossless ones are allowed."


def unknown_cost(candidate: Candidate) -> bool:
    """Whether it gives up an unknown amount of accuracy. What sends nothing compressed gives up none."""
    return candidate.accuracy is None and not candidate.exact


def nearly_lossless(candidate: Candidate) -> bool:
    limit = NEARLY_LOSSLESS.get(candidate.codec or "")
    return limit is not None and candidate.side is None and candidate.quality is not None and candidate.quality >= limit


def closest(options: Iterable[Candidate]) -> set[Candidate]:
    """Of each way to compress (a split point, a photo codec), the one that gives up least: where a person forces a route of
    which nothing is measured, this is taken."""
    best: dict[tuple[object, ...], Candidate] = {}
    for option in options:
        way = (option.route.name, option.split_at, option.codec, option.held, option.edge)
        if way not in best or _amount(option) > _amount(best[way]):
            best[way] = option
    return set(best.values())


def _amount(candidate: Candidate) -> tuple[int, int, int]:
    """What is spent on it, in the order of what it gives up."""
    return (candidate.level or 0, candidate.quality or 0, candidate.refine_to or 0)
