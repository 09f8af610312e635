"""What placement may choose from: one Candidate per way of answering a step, with exact bytes and expected times."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from inference.engine.catalogue import Profile
from inference.placement.prediction import Candidate
from inference.placement.timings import Timings, observe, timings

__all__ = ["build", "named", "observe", "offers", "overhead_way", "timings"]
# Stage calls that a question waits for, by what its overhead is learned under.
CALLS = {"device": 1, "edge": 2, "split": 2, "held": 1}


def build(
    task: str,
    profile: Profile,
    device: Timings,
    edge: Timings | None,
    photo_bytes: int,
    sizes: dict[str, int],
    held: Mapping[int, int] | None = None,
    ready: Collection[int] = (),
) -> list[Candidate]:
    """Every route for one step from one device. Without an edge only the device route is left.

    `sizes` are the bytes of each photo encoding, as the device's own encoder made them. `held`: the highest level that lies
    at the edge already, by split point. `ready`: split points whose head the device has computed already.
    """
    full = profile.accuracy(task)
    found = [Candidate("device", None, None, None, None, 0, device.whole(task), 0.0, full)]
    if edge is not None:
        whole = edge.whole(task)
        found.append(Candidate("edge", None, None, None, None, photo_bytes, 0.0, whole, full))
        found.extend(_photo_codecs(task, profile, device, whole, sizes))
        # The same model on both sides, or the features mean nothing there.
        if device.measured["digest"] == edge.measured["digest"]:
            found.extend(_held(task, profile, edge, held or {}))
            found.extend(_splits(task, profile, device, edge, ready))
    name = None if edge is None else edge.node
    return [replace(c, overhead_ms=_overhead(c, device), edge=None if c.route == "device" else name) for c in found]


def offers(
    task: str,
    profile: Profile,
    device: Timings,
    edges: Sequence[tuple[Timings, Mapping[int, int]]],
    photo_bytes: int,
    sizes: dict[str, int],
    ready: Collection[int] = (),
) -> list[Candidate]:
    """As `build`, over several edges, each with what it holds. The device route stands first, and once."""
    if not edges:
        return build(task, profile, device, None, photo_bytes, sizes)
    each = [build(task, profile, device, edge, photo_bytes, sizes, held, ready) for edge, held in edges]
    return [each[0][0], *(candidate for options in each for candidate in options[1:])]


def _overhead(candidate: Candidate, device: Timings) -> float:
    """A refined answer costs the messages of a split once more."""
    way = overhead_way(candidate.route, candidate.held)
    return device.overhead(way, CALLS) * max(1.0, candidate.round_trips)


def overhead_way(route: str, held: bool) -> str:
    """What the overhead of a route is learned under."""
    return "held" if held else route


def _photo_codecs(
    task: str, profile: Profile, device: Timings, edge_ms: float, sizes: Mapping[str, int]
) -> Iterable[Candidate]:
    for level in profile.photo_levels(task):
        size = sizes.get(f"{level.codec}:{level.quality}:{profile.image_size(task)}")
        if size is not None:
            send = device.send(task, level.codec)
            yield Candidate("edge", None, None, level.codec, level.quality, size, send, edge_ms, level.accuracy)


def _held(task: str, profile: Profile, edge: Timings, held: Mapping[int, int]) -> Iterable[Candidate]:
    for k in profile.split_points(task):
        for level in profile.code_levels(task, k):
            if level.level == held.get(k):
                yield Candidate("split", k, level.level, None, None, 0, 0.0, edge.tail(task, k), level.accuracy, held=True)


def _splits(task: str, profile: Profile, device: Timings, edge: Timings, ready: Collection[int]) -> Iterable[Candidate]:
    for k in profile.split_points(task):
        known = k in ready
        head, tail = device.encode(task, k) if known else device.head(task, k), edge.tail(task, k)
        for level in profile.code_levels(task, k):
            yield Candidate("split", k, level.level, None, None, level.bytes, head, tail, level.accuracy, ready=known)
        for mode in profile.refinements(task, k):
            again = mode.refined_share  # the features are kept from the first time: only encoding and tail come again
            yield Candidate(
                "split", k, mode.level, None, None, round(mode.expected_bytes),
                head + again * device.encode(task, k), tail * (1 + again), mode.accuracy,
                refine_to=mode.refine_to, ready=known, round_trips=1 + again,
            )  # fmt: skip


def named(receipt: dict[str, Any]) -> Candidate:
    """The candidate that a stored receipt says was used; what it cost then is not told."""
    route, split_at, level, codec, quality = (receipt[name] for name in ("route", "split_at", "level", "codec", "quality"))
    edge = None if route == "device" else receipt["edge"]
    used = Candidate(route, split_at, level, codec, quality, uplink_bytes=0, device_ms=0.0, edge_ms=0.0, accuracy=None)
    return replace(used, held=receipt.get("held", False), refine_to=receipt.get("refine_to"), edge=edge)
