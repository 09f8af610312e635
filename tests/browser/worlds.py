"""Random worlds to place a step in, as receipts tell them, with what placement chose there."""

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

ROUTES = (None, None, "device", "edge", "split")


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

    def receipt(self) -> dict[str, Any]:
        turn = Turn(policy=self.policy.name, route=self.forced or "")
        device, edge = Node(slug="jetson-a", tier="device"), Node(slug="edge-1", tier="edge")
        photo = Photo(bytes=200_000)
        known = receipts.DecisionInputs(photo, 0, device, edge, self.link, self.load, self.policy, self.choose(), 0, [])
        return receipts.make(turn, "vqa", known)

    def told(self) -> dict[str, Any]:
        """Link and load in the words of static/js/receipt/what-if.js."""
        return {
            "upBytesPerS": self.link.up_bytes_per_s,
            "rttMs": self.link.rtt_ms,
            "slowdown": 1,
            "deviceQueueMs": self.load.device_queue_ms,
            "edgeQueueMs": self.load.edge_queue_ms,
            "edges": dict(self.load.edges),
        }

    def slower_device(self, times: float) -> "World":
        return replace(self, options=[replace(one, device_ms=one.device_ms * times) for one in self.options])


def worlds(count: int, seed: int) -> list[World]:
    """Only such in which something may be chosen."""
    rng = random.Random(seed)
    found: list[World] = []
    while len(found) < count:
        edges = rng.choice([(), ("edge-1", "edge-2")])
        options = [_device(rng), *(_other(rng, rng.choice(edges or [None])) for _ in range(rng.randrange(12)))]
        previous = rng.choice([None, *options])
        policy = policies.named(rng.choice(["fastest", "private", "best"]), rng.choice([0.0, 0.02, 0.1]))
        world = World(options, _link(rng), load(rng, edges), policy, rng.choice(ROUTES), previous)
        try:
            world.choose()
        except NoRoute:
            continue
        found.append(world)
    return found


def load(rng: random.Random, edges: Iterable[str]) -> Load:
    return Load(_ms(rng), _ms(rng), {edge: _ms(rng) for edge in edges})


def _link(rng: random.Random) -> LinkEstimate:
    if rng.random() < 0.1:
        return UNKNOWN
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
