"""The policies: what each one bounds and what it minimises. Pure.

A new policy is one value in POLICIES; forms, API, command line and pages take names, labels and explanations from here.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from inference.formatting import bytes_text, time_text
from inference.placement.prediction import Assessed, Candidate


@dataclass(frozen=True)
class Quantity:
    """Something to be minimised. `name` is its key in a receipt's candidates, which the page minimises by in what-if.js."""

    name: str
    of: Callable[[Assessed], float | None]  # None: unknown
    text: Callable[[float], str]  # with its unit
    verb: str  # "would take 80 ms"
    less: str  # "not enough faster to switch"


PREDICTED_MS = Quantity("predicted_ms", lambda assessed: assessed.predicted_ms, time_text, "take", "faster")
UPLINK_BYTES = Quantity(
    "uplink_bytes", lambda assessed: assessed.candidate.uplink_bytes, lambda n: bytes_text(round(n)), "send", "smaller"
)


@dataclass(frozen=True)
class Bound:
    """Candidates that a policy never allows, whatever their accuracy."""

    breaks: Callable[[Candidate], bool]
    why_not: str  # one candidate is not allowed
    impossible: str  # no candidate is left; with what to do


@dataclass(frozen=True)
class Policy:
    name: str  # as stored
    label: str
    explanation: str  # one line, for pages and the command line
    bound: Bound | None = None
    minimises: Quantity = PREDICTED_MS
    accepts_loss: bool = True  # of accuracy, up to `max_loss`; of one that was not measured only what is nearly lossless
    max_loss: float = 0.0  # accuracy that may be given up, as a fraction

    @property
    def loss(self) -> float:
        return self.max_loss if self.accepts_loss else 0.0

    def refuses(self, candidate: Candidate) -> str | None:
        """Why this candidate is never allowed; None where only its accuracy counts."""
        return self.bound.why_not if self.bound and self.bound.breaks(candidate) else None


FASTEST = Policy("fastest", "fastest", "The quickest way that gives up little accuracy.")
PRIVATE = Policy(
    "private",
    "private",
    "The photo is never sent over the link; of an upload the server keeps its own copy.",
    bound=Bound(
        lambda candidate: candidate.route.sends_photo,
        "The photo would leave the device.",
        "The edge route would send the photo, and the policy “private” keeps it on the device; change one of them.",
    ),
)
BEST = Policy("best", "most accurate", "The quickest way that gives up no accuracy.", accepts_loss=False)

POLICIES: list[Policy] = [FASTEST, PRIVATE, BEST]
DEFAULT = FASTEST


def names() -> list[str]:
    return [policy.name for policy in POLICIES]


def named(name: str, max_loss: float = 0.0) -> Policy:
    """The policy of that name, which may give up `max_loss` of accuracy. Raises ValueError."""
    for policy in POLICIES:
        if policy.name == name:
            return replace(policy, max_loss=max_loss)
    raise ValueError(f"There is no policy {name!r}; use one of {', '.join(names())}.")


def for_pages() -> list[dict[str, str]]:
    """Names, labels and explanations, in the order of a form."""
    return [{"name": policy.name, "label": policy.label, "explanation": policy.explanation} for policy in POLICIES]
