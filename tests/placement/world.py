"""A small set of candidates, and Hypothesis strategies for any other."""

from dataclasses import replace

from hypothesis import strategies as st

from inference.placement import policies, routes
from inference.placement.choose import Candidate, Choice, Load
from inference.placement.link import UNKNOWN, LinkEstimate

DEVICE = Candidate(routes.DEVICE, None, None, None, None, 0, 400.0, 0.0, 0.84)
PHOTO = Candidate(routes.EDGE, None, None, None, None, 224_000, 0.0, 40.0, 0.84)
WEBP = Candidate(routes.EDGE, None, None, "webp", 60, 32_000, 0.0, 40.0, 0.83)
SPLIT_1 = Candidate(routes.SPLIT, 2, 1, None, None, 212, 70.0, 32.0, 0.75)
SPLIT_3 = Candidate(routes.SPLIT, 2, 3, None, None, 612, 70.0, 32.0, 0.83)
HELD = replace(SPLIT_3, uplink_bytes=0, device_ms=0.0, held=True)
REFINED = replace(SPLIT_1, uplink_bytes=330, refine_to=3, accuracy=0.83, round_trips=1.3)
OPTIONS = [DEVICE, PHOTO, WEBP, SPLIT_1, SPLIT_3]
IDLE = Load(0.0, 0.0)
FASTEST = policies.named("fastest", 0.02)


def link_at(rate: float, rtt_ms: float = 10.0, source: str = "transfers") -> LinkEstimate:
    return LinkEstimate(rate, rtt_ms, 1.0, source)


def predicted(choice: Choice, candidate: Candidate) -> float | None:
    return next(a.predicted_ms for a in choice.assessed if a.candidate == candidate)


def why_not(choice: Choice, candidate: Candidate) -> str | None:
    return next(a.why_not for a in choice.assessed if a.candidate == candidate)


accuracies = st.none() | st.floats(0, 1)
ms = st.floats(0, 1e5, allow_subnormal=False)
sizes = st.integers(0, 10**7)
devices = st.builds(
    Candidate, st.just(routes.DEVICE), st.none(), st.none(), st.none(), st.none(), st.just(0), ms, st.just(0.0), accuracies
)
edges = st.builds(
    Candidate, st.just(routes.EDGE), st.none(), st.none(), st.sampled_from([None, "webp", "jpeg"]), st.integers(1, 95), sizes,
    st.just(0.0), ms, accuracies,
)  # fmt: skip
splits = st.builds(
    Candidate,
    st.just(routes.SPLIT),
    st.integers(0, 12),
    st.integers(1, 8),
    st.none(),
    st.none(),
    sizes,
    ms,
    ms,
    accuracies,
    st.just(False),
    st.none() | st.integers(9, 10),
    st.booleans(),
    ms,
    st.floats(1, 2),
    st.sampled_from([None, "edge-1", "edge-2"]),
)
cached = st.builds(
    Candidate,
    st.just(routes.SPLIT),
    st.integers(0, 12),
    st.integers(1, 8),
    st.none(),
    st.none(),
    st.just(0),
    st.just(0.0),
    ms,
    accuracies,
    st.just(True),
)
options = st.tuples(devices, st.lists(edges | splits | cached, max_size=12)).map(lambda parts: [parts[0], *parts[1]])
links = st.just(UNKNOWN) | st.builds(
    LinkEstimate,
    st.floats(100, 1e8),
    st.none() | st.floats(0, 500),
    st.floats(0, 1e4),
    st.sampled_from(["transfers", "lower bound"]),
)
loads = st.builds(Load, ms, ms, st.dictionaries(st.sampled_from(["edge-1", "edge-2"]), ms))
any_policy = st.builds(policies.named, st.sampled_from(["fastest", "private", "best"]), st.floats(0, 0.2))
