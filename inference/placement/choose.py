"""Choose where a step runs. Pure: candidates, link, load and policy in; the choice and its reasons out.

The policy (inference/placement/policies.py) bounds what may be chosen, then the least of what it minimises wins. Without a
known link nothing that needs one is predicted, and what sends least is preferred.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from inference.formatting import percent_text
from inference.placement import routes, unmeasured
from inference.placement.link import LinkEstimate
from inference.placement.policies import Policy
from inference.placement.prediction import Assessed, Candidate, Load, predict
from inference.placement.reasons import reason

__all__ = ["Assessed", "Candidate", "Choice", "Load", "NoRoute", "choose", "predict"]
SWITCH_GAIN = 0.05  # the previous choice stands unless the gain is larger: noise must not flip it
ROUNDING = 1e-9


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
    """The allowed candidate that costs least, with the reason. Raises NoRoute when the policy and the forced route leave none.

    `forced` restricts to one route; a route that loses more than the policy allows is then taken at its most accurate.
    `previous` is what the last such step used: it stands while nothing is clearly better.
    """
    possible = [option for option in options if forced in (None, option.route.name)]
    if not possible:
        raise NoRoute(routes.named(forced).impossible if forced else routes.NOTHING_POSSIBLE)
    if policy.bound and all(policy.refuses(option) for option in possible):
        raise NoRoute(policy.bound.impossible)
    standard = _standard(options, possible, policy)
    assessed = []
    for option in options:
        why_not = _why_not(option, forced, standard, policy)
        assessed.append(Assessed(option, predict(option, link, load), why_not is None, why_not))
    allowed = [a for a in assessed if a.allowed]
    ranked = sorted(allowed, key=lambda a: _rank(a, policy))
    unchanged = _unchanged(ranked[0], allowed, previous, policy)
    chosen = unchanged or ranked[0]
    why = reason(chosen, ranked, link, policy, forced is not None, unchanged is not None)
    if standard.lowered:
        why += f" It may give up more accuracy than “{policy.name}” allows, but nothing else is left to choose."
    if any(a.why_not == unmeasured.TOO_LOSSY for a in assessed):
        why += unmeasured.REASON
    elif unmeasured.unknown_cost(chosen.candidate):
        why += f" {unmeasured.NOT_MEASURED}"
    return Choice(chosen.candidate, assessed, why)


@dataclass(frozen=True)
class _Standard:
    """What accuracy is measured against (None: nothing known) and how much of it may be given up."""

    best: float | None
    loss: float
    lowered: bool = False
    closest: frozenset[Candidate] = frozenset()  # what is left where nothing is measured


def _standard(options: Sequence[Candidate], possible: list[Candidate], policy: Policy) -> _Standard:
    """Lowered to the best that is left where the forced route, or the policy's bound, leaves nothing that reaches it."""
    standard = _Standard(_reference(options), policy.loss)
    usable = [candidate for candidate in possible if policy.refuses(candidate) is None]
    if any(_loses(candidate, standard, policy) is None for candidate in usable):
        return standard
    best = max((c.accuracy for c in usable if c.accuracy is not None), default=None)
    return _Standard(best, 0.0, lowered=True, closest=frozenset(unmeasured.closest(usable) if best is None else ()))


def _reference(options: Sequence[Candidate]) -> float | None:
    """The uncompressed model's: a compressed one that scored higher did so by luck."""
    measured = [c.accuracy for c in options if c.accuracy is not None and c.exact]
    return max(measured or [c.accuracy for c in options if c.accuracy is not None], default=None)


def _loses(option: Candidate, standard: _Standard, policy: Policy) -> str | None:
    if unmeasured.unknown_cost(option):
        return _loses_unknown(option, standard, policy)
    if standard.best is None or option.accuracy is None:
        return None
    loss = standard.best - option.accuracy
    if loss <= standard.loss + ROUNDING:
        return None
    return f"It gives up {percent_text(loss)} of accuracy; {percent_text(standard.loss)} is allowed."


def _loses_unknown(option: Candidate, standard: _Standard, policy: Policy) -> str | None:
    if standard.lowered:
        return None if option in standard.closest else unmeasured.NOT_MEASURED
    if not policy.accepts_loss:
        return unmeasured.NOT_MEASURED
    return None if unmeasured.nearly_lossless(option) else unmeasured.TOO_LOSSY


def _why_not(option: Candidate, forced: str | None, standard: _Standard, policy: Policy) -> str | None:
    if forced is not None and option.route.name != forced:
        return f"The {forced} route was asked for."
    return policy.refuses(option) or _loses(option, standard, policy)


def _rank(assessed: Assessed, policy: Policy) -> tuple[bool, float, bool, float, int, float, bool]:
    """Known costs first, least first; unknown ones by what they send."""
    cost, ms, c = policy.minimises.of(assessed), assessed.predicted_ms, assessed.candidate
    return cost is None, cost or 0.0, ms is None, ms or 0.0, c.uplink_bytes, -(c.accuracy or 0.0), c.route.needs_edge


def _unchanged(best: Assessed, allowed: list[Assessed], previous: Candidate | None, policy: Policy) -> Assessed | None:
    """The previous choice, if it is still allowed and hardly worse than the best."""
    least = policy.minimises.of(best)
    if previous is None or previous.key == best.candidate.key or least is None:
        return None
    for assessed in allowed:
        cost = policy.minimises.of(assessed)
        if assessed.candidate.key == previous.key and cost is not None:
            return assessed if least >= cost * (1 - SWITCH_GAIN) else None
    return None
