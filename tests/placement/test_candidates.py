"""The ways offered for one step: every route once, with exact bytes, and what is there already is not paid for again."""

from dataclasses import replace
from typing import Any

import pytest

from inference.engine import catalogue, tasks
from inference.engine.catalogue import Profile
from inference.placement import candidates, records
from inference.placement.prediction import Candidate
from inference.placement.timings import Timings
from tests.bundled import SPLIT_AT

BUNDLED = catalogue.profile("compact")
COMPACT = replace(BUNDLED, card={**BUNDLED.card, "code": {**BUNDLED.card["code"], "refine": {}}})
K, LOW, HIGH = SPLIT_AT, 1, 4


def node(slug: str, times: float = 1.0, digest: str = "same") -> Timings:
    by_k = {str(k): times for k in COMPACT.split_points("vqa")}
    task = {
        "whole_ms": 9 * times,
        "head_ms": by_k,
        "encode_ms": dict.fromkeys(by_k, 0.2 * times),
        "tail_ms": by_k,
        "send_ms": {"webp": 4.0},
    }
    return Timings(slug, {"name": "compact", "digest": digest, "tasks": dict.fromkeys(tasks.names(), task)}, {})


DEVICE, EDGE = node("jetson-a", 10.0), node("edge-1")
SIZES = {
    f"webp:{candidate.quality}:{COMPACT.image_size('vqa')}": 2000
    for candidate in COMPACT.photo_levels("vqa")
    if candidate.codec == "webp"
}


def build(profile: Profile = COMPACT, edge: Timings | None = EDGE, **more: Any) -> list[Candidate]:
    return candidates.build("vqa", profile, DEVICE, edge, 90_000, SIZES, **more)


def splits(options: list[Candidate]) -> list[Candidate]:
    return [candidate for candidate in options if candidate.route.name == "split"]


def refining() -> Profile:
    mode = {"split_at": K, "level": LOW, "refine_to": HIGH, "sure_above": 0.6, "expected_bytes": 200.4, "refined_share": 0.25,
            "accuracy": 0.5}  # fmt: skip
    return replace(COMPACT, card={**COMPACT.card, "code": {**COMPACT.card["code"], "refine": {"vqa": [mode]}}})


def test_without_an_edge_only_the_device_is_left() -> None:
    assert [candidate.route.name for candidate in build(edge=None)] == ["device"]


def test_every_level_of_every_split_point_is_offered_once() -> None:
    options = [(candidate.split_at, candidate.level) for candidate in splits(build()) if candidate.refine_to is None]
    assert sorted(options) == sorted((k, n.level) for k in COMPACT.split_points("vqa") for n in COMPACT.code_levels("vqa", k))


def test_nodes_with_different_models_have_no_split() -> None:
    assert splits(build(edge=node("edge-1", digest="another"))) == []


def test_features_at_the_edge_cost_neither_bytes_nor_device_time() -> None:
    cached = [candidate for candidate in build(cached={K: 3}) if candidate.held]
    assert [(candidate.split_at, candidate.level, candidate.uplink_bytes, candidate.device_ms) for candidate in cached] == [
        (K, 3, 0, 0.0)
    ]


def test_with_a_ready_head_only_the_encoding_is_left() -> None:
    for ready, device_ms in (([K], 2.0), ([], 10.0)):
        offered = [candidate for candidate in splits(build(ready=ready)) if not candidate.refine_to]
        assert {candidate.ready for candidate in offered} == {bool(ready)}
        assert all(candidate.device_ms == pytest.approx(device_ms) for candidate in offered)


def test_refining_is_offered_with_expected_values() -> None:
    (options,) = [candidate for candidate in build(refining()) if candidate.refine_to]
    assert (options.split_at, options.level, options.refine_to, options.uplink_bytes, options.accuracy) == (
        K,
        LOW,
        HIGH,
        200,
        0.5,
    )
    assert options.device_ms == pytest.approx(10 + 0.25 * 2)
    assert options.edge_ms == pytest.approx(1.25)
    assert options.round_trips == 1.25


def test_several_edges_are_offered_side_by_side_and_the_device_once() -> None:
    options = candidates.offers("vqa", COMPACT, DEVICE, [(EDGE, {}), (node("edge-2"), {K: 1})], 90_000, SIZES)
    assert [candidate.edge for candidate in options if candidate.route.name == "device"] == [None]
    assert {candidate.edge for candidate in splits(options)} == {"edge-1", "edge-2"}
    assert {candidate.edge for candidate in options if candidate.held} == {"edge-2"}


def test_the_overhead_of_a_route_is_learnt_apart_from_computing() -> None:
    learned = replace(DEVICE, corrected={"compact/overhead/split": 30.0})
    options = candidates.build("vqa", COMPACT, learned, EDGE, 90_000, SIZES, cached={K: 1})
    costs = {(candidate.route.name, candidate.held): candidate.overhead_ms for candidate in options if not candidate.refine_to}
    assert costs["split", False] == 30.0
    assert costs["split", True] == 15.0  # never seen: one call, where a split makes two


def test_the_candidate_of_a_receipt_is_recognised_among_new_ones() -> None:
    used = next(candidate for candidate in build(refining()) if candidate.refine_to)
    receipt = {"route": "split", "split_at": K, "level": LOW, "codec": None, "quality": None, "edge": "edge-1", "held": False,
               "refine_to": HIGH}  # fmt: skip
    assert records.from_receipt(receipt).key == used.key
