"""Random worlds to place a step in, as receipts describe them, with what placement chose there."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from devices.models import Node
from inference.answering import receipts
from inference.models import Photo, Turn
from inference.placement import policies, routes
from inference.placement.choose import Choice, Load, NoRoute, choose
from inference.placement.link import UNKNOWN, LinkEstimate
from inference.placement.policies import Policy
from inference.placement.prediction import Candidate
from inference.receipt import Receipt

FORCED = (None, None, "device", "edge", "split")
LEAST_BYTES = Policy("least", "fewest bytes", "Sends as little as possible.", minimises=policies.UPLINK_BYTES)


@dataclass(frozen=True)
class World:
    options: list[Candidate]
    link: LinkEstimate
    load: Load
    policy: Policy
    forced: str | None
    previous: Candidate | None

    def choose(self) -> Choice:
        return choose(self.options, self.link, self.load, self.policy, self.forced, self.previous)

    def receipt(self) -> Receipt:
        turn = Turn(policy=self.policy.name, route=self.forced or "")
        device, edge = Node(slug="jetson-a", tier="device"), Node(slug="edge-1", tier="edge")
        photo = Photo(bytes=200_000)
        decision = receipts.DecisionInputs(photo, 0, device, edge, self.link, self.load, self.policy, self.choose(), 0, [])
        return receipts.make(turn, "vqa", decision)

    def conditions(self) -> dict[str, Any]:
        """Link and load as the World of static/js/receipt/what-if.js."""
        return {
            "upBytesPerS": self.link.up_bytes_per_s,
            "rttMs": self.link.rtt_ms,
            "slowdown": 1,
            "deviceQueueMs": self.load.device_queue_ms,
            "edgeQueueMs": self.load.edge_queue_ms,
            "edges": dict(self.load.edges),
        }

    def slower_device(self, times: float) -> "World":
        return replace(self, options=[replace(option, device_ms=option.device_ms * times) for option in self.options])


def worlds(count: int, seed: int) -> list[World]:
    """Random worlds, all with at least one allowed candidate."""
    rng = random.Random(seed)
    result: list[World] = []
    while len(result) < count:
        edges = rng.choice([(), ("edge-1", "edge-2")])
        options = [_device(rng), *(_other(rng, rng.choice(edges or [None])) for _ in range(rng.randrange(12)))]
        previous = rng.choice([None, *options])
        policy = replace(rng.choice([*policies.POLICIES, LEAST_BYTES]), max_loss=rng.choice([0.0, 0.02, 0.1]))
        world = World(options, _link(rng), load(rng, edges), policy, rng.choice(FORCED), previous)
        try:
            world.choose()
        except NoRoute:
            continue
        result.append(world)
    return result


def load(rng: random.Random, edges: Iterable[str]) -> Load:
    return Load(_ms(rng), _ms(rng), {edge: _ms(rng) for edge in edges})


def _link(rng: random.Random) -> LinkEstimate:
    if rng.random() < 0.15:
        return rng.choice([UNKNOWN, LinkEstimate(0.0, 10.0, 1.0, "transfers")])
    return LinkEstimate(10 ** rng.uniform(3, 7), rng.choice([None, 0.0, rng.uniform(0, 200)]), 1.0, "transfers")


def _device(rng: random.Random) -> Candidate:
    return Candidate(routes.DEVICE, None, None, None, None, 0, _ms(rng), 0.0, _accuracy(rng), overhead_ms=_ms(rng))


def _other(rng: random.Random, edge: str | None) -> Candidate:
    """Few sizes and times, so that there are ties."""
    if rng.random() < 0.4:
        codec = rng.choice([None, "webp", "jpeg"])
        quality = rng.choice([50, 85]) if codec else None
        return Candidate(routes.EDGE, None, None, codec, quality, _size(rng), _ms(rng), _ms(rng), _accuracy(rng), edge=edge)
    if rng.random() < 0.2:
        return Candidate(routes.SPLIT, 1, 4, None, None, 0, 0.0, _ms(rng), _accuracy(rng), held=True, edge=edge)
    refined = {"refine_to": 5, "round_trips": 1 + rng.random()} if rng.random() < 0.3 else {}
    k, level = rng.randrange(3), rng.randrange(1, 5)
    return Candidate(routes.SPLIT, k, level, None, None, _size(rng), _ms(rng), _ms(rng), _accuracy(rng), edge=edge, **refined)


def _ms(rng: random.Random) -> float:
    return rng.choice([0.0, 10.0, 40.0, rng.uniform(0, 2000)])


def _size(rng: random.Random) -> int:
    return rng.choice([124, 496, 4096, round(10 ** rng.uniform(2, 6))])


def _accuracy(rng: random.Random) -> float | None:
    return rng.choice([None, 0.8, 0.84, rng.random()])
