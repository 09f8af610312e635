"""Choose where a step runs. Pure: candidates, link, load and policy in; the choice and its reasons out.

The policy bounds what may be chosen (`private`: the photo stays on the device; `best`: no accuracy given up; `fastest`: at
most the configured loss), then the shortest prediction (inference/placement/prediction.py) wins. Without a known link nothing that
needs one is predicted, and what sends least is preferred.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from inference.formatting import percent_text
from inference.placement.link import LinkEstimate
from inference.placement.prediction import Assessed, Candidate, Load, predict
from inference.placement.reasons import impossible, reason

__all__ = ["Assessed", "Candidate", "Choice", "Load", "NoRoute", "Policy", "choose", "predict"]
POLICIES = ("fastest", "private", "best")
KEEP_WITHIN = 0.05  # the previous choice is kept unless the gain is larger: noise must not flip it
ROUNDING = 1e-9


@dataclass(frozen=True)
class Policy:
    name: str
    max_loss: float = 0.0  # accuracy that `fastest` may give up, as a fraction

    def __post_init__(self) -> None:
        if self.name not in POLICIES:
            raise ValueError(f"There is no policy {self.name!r}; use one of {', '.join(POLICIES)}.")

    @property
    def loss(self) -> float:
        return 0.0 if self.name == "best" else self.max_loss


@dataclass(frozen=True)
class Choice:
    chosen: Candidate
    assessed: list[Assessed]  # in the order of the options
    reason: str


class NoRoute(Exception):
    """Nothing may be chosen; the text is a sentence and what to do next."""


def choose(
    options: Sequence[Candidate],
    link: LinkEstimate,
    load: Load,
    policy: Policy,
    forced: str | None = None,
    previous: Candidate | None = None,
) -> Choice:
    """The fastest allowed candidate, in words. Raises NoRoute when the policy and the forced route leave none.

    `forced` restricts to one route; a route that loses more than the policy allows is then taken at its most accurate.
    `previous` is what the last such step used: it is kept while nothing is clearly faster.
    """
    possible = [option for option in options if forced in (None, option.route)]
    if not possible:
        raise NoRoute(impossible(forced))
    if policy.name == "private" and all(option.route == "edge" for option in possible):
        raise NoRoute(
            "The edge route would send the photo, and the policy “private” keeps it on the device; change one of them."
        )
    bar = _bar(options, possible, policy)
    assessed = []
    for option in options:
        why_not = _why_not(option, forced, bar, policy)
        assessed.append(Assessed(option, predict(option, link, load), why_not is None, why_not))
    allowed = [a for a in assessed if a.allowed]
    ranked = sorted(allowed, key=_rank)
    best = ranked[0]
    kept = _kept(best, allowed, previous)
    chosen = kept or best
    why = reason(chosen, ranked, link, forced, kept is not None)
    if bar.lowered:
        why += f" It may give up more accuracy than “{policy.name}” allows, but nothing else is left to choose."
    elif chosen.candidate.accuracy is None and not chosen.candidate.exact:
        why += " What it costs in accuracy was not measured."
    return Choice(chosen.candidate, assessed, why)


@dataclass(frozen=True)
class _Bar:
    """What accuracy is measured against (None: nothing known) and how much of it may be given up."""

    best: float | None
    loss: float
    lowered: bool = False


def _bar(options: Sequence[Candidate], possible: list[Candidate], policy: Policy) -> _Bar:
    """Lowered to the best that is left where the route asked for, or privacy, leaves nothing that reaches it."""
    bar = _Bar(_reference(options), policy.loss)
    usable = [c for c in possible if not (policy.name == "private" and c.route == "edge")]
    if any(_loses(c, bar, policy) is None for c in usable):
        return bar
    return _Bar(max((c.accuracy for c in usable if c.accuracy is not None), default=None), 0.0, lowered=True)


def _reference(options: Sequence[Candidate]) -> float | None:
    """The uncompressed model's: a compressed one that scored higher did so by luck."""
    known = [c.accuracy for c in options if c.accuracy is not None and c.exact]
    return max(known or [c.accuracy for c in options if c.accuracy is not None], default=None)


def _loses(option: Candidate, bar: _Bar, policy: Policy) -> str | None:
    if bar.best is None:
        return None
    if option.accuracy is None:
        unmeasured = policy.name == "best" and not option.exact
        return "What it costs in accuracy was not measured." if unmeasured else None
    given_up = bar.best - option.accuracy
    if given_up <= bar.loss + ROUNDING:
        return None
    return f"It gives up {percent_text(given_up)} of accuracy; {percent_text(bar.loss)} is allowed."


def _why_not(option: Candidate, forced: str | None, bar: _Bar, policy: Policy) -> str | None:
    if forced is not None and option.route != forced:
        return f"The {forced} route was asked for."
    if policy.name == "private" and option.route == "edge":
        return "The photo would leave the device."
    return _loses(option, bar, policy)


def _rank(assessed: Assessed) -> tuple[bool, float, int, float, bool]:
    """Known predictions first, shortest first; unknown ones by what they send."""
    c = assessed.candidate
    unknown = assessed.predicted_ms is None
    return unknown, assessed.predicted_ms or 0.0, c.uplink_bytes, -(c.accuracy or 0.0), c.route != "device"


def _kept(best: Assessed, allowed: list[Assessed], previous: Candidate | None) -> Assessed | None:
    """The previous choice, if it is still allowed and hardly slower than the best."""
    if previous is None or previous.key == best.candidate.key or best.predicted_ms is None:
        return None
    same = next((a for a in allowed if a.candidate.key == previous.key and a.predicted_ms is not None), None)
    if same is None or same.predicted_ms is None:
        return None
    return same if best.predicted_ms >= same.predicted_ms * (1 - KEEP_WITHIN) else None
