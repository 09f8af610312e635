"""Choose where a step runs. Pure: candidates, link, load and policy in; the choice and its reasons out.

    predicted = queue + device compute + bytes / bandwidth + round trip + edge queue + edge compute

The policy bounds what may be chosen (`private`: the photo stays on the device; `best`: no accuracy given up; `fastest`: at
most the configured loss), then the shortest prediction wins. Without a known link nothing that needs one is predicted,
and what sends least is preferred.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from inference.amounts import bytes_text, percent_text, rate_text, time_text
from inference.link import LinkEstimate

POLICIES = ("fastest", "private", "best")
KEEP_WITHIN = 0.1  # the previous choice is kept unless the gain is larger: noise must not flip it
ROUNDING = 1e-9
CODECS = {"webp": "WebP", "jpeg": "JPEG", "avif": "AVIF"}


@dataclass(frozen=True)
class Candidate:
    """One way of answering a step. `device_ms` and `edge_ms` are compute alone; accuracy is a fraction, None unmeasured.

    Without `level` and `codec` nothing is compressed: the model answers as well as it can.
    """

    route: str  # device, edge or split
    split_at: int | None
    level: int | None
    codec: str | None
    quality: int | None
    uplink_bytes: int
    device_ms: float
    edge_ms: float
    accuracy: float | None

    @property
    def key(self) -> tuple[str, int | None, int | None, str | None, int | None]:
        """What it is, whatever it costs now."""
        return self.route, self.split_at, self.level, self.codec, self.quality

    @property
    def exact(self) -> bool:
        return self.level is None and self.codec is None

    def __str__(self) -> str:
        if self.route == "split":
            return f"split after block {self.split_at} at level {self.level}"
        if self.route == "device":
            return "the device alone"
        return f"edge with {CODECS.get(self.codec, self.codec)} {self.quality}" if self.codec else "edge with the whole photo"


@dataclass(frozen=True)
class Load:
    device_queue_ms: float = 0.0
    edge_queue_ms: float = 0.0


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
class Assessed:
    candidate: Candidate
    predicted_ms: float | None  # None: the link or a compute time is unknown
    allowed: bool
    why_not: str | None


@dataclass(frozen=True)
class Choice:
    chosen: Candidate
    assessed: list[Assessed]  # in the order of the options
    reason: str


class NoRoute(Exception):
    """Nothing may be chosen; the text is a sentence and what to do next."""


def predict(candidate: Candidate, link: LinkEstimate, load: Load) -> float | None:
    """Expected milliseconds. None where a part is unknown; never infinite, so that it can be stored and sent as JSON."""
    total = load.device_queue_ms + candidate.device_ms
    if candidate.route != "device":
        if not link.up_bytes_per_s or link.up_bytes_per_s < 0:
            return None
        total += candidate.uplink_bytes / link.up_bytes_per_s * 1000 + (link.rtt_ms or 0.0)
        total += load.edge_queue_ms + candidate.edge_ms
    return total if math.isfinite(total) else None


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
        raise NoRoute(_impossible(forced))
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
    reason = _reason(chosen, ranked, link, forced, kept is not None)
    if bar.lowered:
        reason += f" It may give up more accuracy than “{policy.name}” allows, but nothing else is left to choose."
    elif chosen.candidate.accuracy is None and not chosen.candidate.exact:
        reason += " What it costs in accuracy was not measured."
    return Choice(chosen.candidate, assessed, reason)


def _impossible(forced: str | None) -> str:
    if forced == "split":
        return "No split is possible for this step: that needs an edge with the same model as the device; choose another route."
    if forced == "edge":
        return "The edge route is not possible for this step: no edge can be used; start one, or choose another route."
    return "There is no way to answer this step: no device offers one; look at the devices page for the reason."


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


def _reason(chosen: Assessed, ranked: list[Assessed], link: LinkEstimate, forced: str | None, kept: bool) -> str:
    """One sentence: what was chosen, what that costs, and what the next best would have cost."""
    said = f"{_cost(chosen, link)}; {_rival(chosen, ranked, kept)}."
    said = said[0].upper() + said[1:]
    return f"As you asked: {said[0].lower()}{said[1:]}" if forced else said


def _cost(chosen: Assessed, link: LinkEstimate) -> str:
    c, predicted = chosen.candidate, chosen.predicted_ms
    total = "an unknown time" if predicted is None else time_text(predicted)
    if c.route == "device":
        return f"{c}: nothing is sent, and the answer takes {total}"
    if predicted is None or not link.up_bytes_per_s:
        return f"{c}: the link is not measured yet, so what it takes is unknown; {bytes_text(c.uplink_bytes)} are sent"
    on_link = time_text(c.uplink_bytes / link.up_bytes_per_s * 1000)
    at = f"{rate_text(link.up_bytes_per_s)}{' or more' if link.source == 'lower bound' else ''}"
    return f"{c}: {bytes_text(c.uplink_bytes)} take {on_link} at {at}, the answer {total}"


def _rival(chosen: Assessed, ranked: list[Assessed], kept: bool) -> str:
    """The best of another route, or of the same one if there is no other: a neighbouring level would tell nothing."""
    others = [a for a in ranked if a is not chosen]
    if not others:
        return "nothing else is allowed"
    if kept:
        return f"{others[0].candidate} would take {time_text(others[0].predicted_ms or 0)}, too little less to change for"
    rival = next((a for a in others if a.candidate.route != chosen.candidate.route), others[0])
    if rival.predicted_ms is not None:
        return f"the next best, {rival.candidate}, would take {time_text(rival.predicted_ms)}"
    if chosen.candidate.route == "device":
        return "the link is not measured yet, so what needs none is preferred"
    return "without a measured link the fewest bytes are preferred"
