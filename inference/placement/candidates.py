"""The candidates that placement may choose from: every route's, with exact bytes and expected times."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from inference.engine.catalogue import Profile
from inference.placement import routes
from inference.placement.prediction import Candidate, Situation
from inference.placement.timing_store import timings
from inference.placement.timings import Timings

__all__ = ["build", "calls", "offers", "timings"]


def calls() -> dict[str, int]:
    """Node calls that a question waits for, by the name under which their overhead is learnt."""
    return {name: count for route in routes.ROUTES for name, count in route.calls.items()}


def build(
    task: str,
    profile: Profile,
    device: Timings,
    edge: Timings | None,
    photo_bytes: int,
    sizes: Mapping[str, int],
    cached: Mapping[int, int] | None = None,
    ready: Collection[int] = (),
) -> list[Candidate]:
    """Every candidate for one step from one device. Without an edge, only routes that need none.

    `sizes` are the bytes of each photo encoding, as the device's own encoder makes them. `cached`: the highest level in the
    edge's cache, by split point. `ready`: split points whose head the device has already computed.
    """
    situation = Situation(task, profile, device, edge, photo_bytes, sizes, cached or {}, ready)
    return [_placed(candidate, situation) for route in routes.ROUTES for candidate in route.candidates(situation)]


def offers(
    task: str,
    profile: Profile,
    device: Timings,
    edges: Sequence[tuple[Timings, Mapping[int, int]]],
    photo_bytes: int,
    sizes: Mapping[str, int],
    ready: Collection[int] = (),
) -> list[Candidate]:
    """Like `build`, over several edges, each with its cached levels. Candidates without an edge come first, and once."""
    if not edges:
        return build(task, profile, device, None, photo_bytes, sizes)
    by_edge = [build(task, profile, device, edge, photo_bytes, sizes, cached, ready) for edge, cached in edges]
    return [
        *(candidate for candidate in by_edge[0] if candidate.edge is None),
        *(candidate for options in by_edge for candidate in options if candidate.edge is not None),
    ]


def _placed(candidate: Candidate, situation: Situation) -> Candidate:
    """With its edge and overhead; a refined answer costs the messages of a split once more."""
    overhead_ms = situation.device.overhead(candidate.route.overhead_name(candidate.held), calls())
    edge = situation.edge.node if situation.edge is not None and candidate.route.needs_edge else None
    return replace(candidate, overhead_ms=overhead_ms * max(1.0, candidate.round_trips), edge=edge)
