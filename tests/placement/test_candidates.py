"""The ways offered for one step: every route once, with exact bytes, and what is there already is not paid for again."""

from dataclasses import replace
from typing import Any

import pytest

from inference.engine import catalogue, tasks
from inference.engine.catalogue import Profile
from inference.placement import candidates, records
from inference.placement.prediction import Candidate
from inference.placement.timings import Timings

BUNDLED = catalogue.profile("compact")
COMPACT = replace(BUNDLED, card={**BUNDLED.card, "code": {**BUNDLED.card["code"], "refine": {}}})
K, LOW, HIGH = 2, 1, 4


def node(slug: str, times: float = 1.0, digest: str = "same") -> Timings:
    each = {str(k): times for k in range(5)}
    task = {
        "whole_ms": 9 * times,
        "head_ms": each,
        "encode_ms": dict.fromkeys(each, 0.2 * times),
        "tail_ms": each,
        "send_ms": {"webp": 4.0},
    }
    return Timings(slug, {"name": "compact", "digest": digest, "tasks": dict.fromkeys(tasks.names(), task)}, {})


DEVICE, EDGE = node("jetson-a", 10.0), node("edge-1")
SIZES = {f"webp:{one.quality}:{COMPACT.image_size('vqa')}": 2000 for one in COMPACT.photo_levels("vqa") if one.codec == "webp"}


def build(profile: Profile = COMPACT, edge: Timings | None = EDGE, **more: Any) -> list[Candidate]:
    return candidates.build("vqa", profile, DEVICE, edge, 90_000, SIZES, **more)


def splits(options: list[Candidate]) -> list[Candidate]:
    return [one for one in options if one.route.name == "split"]


def refining() -> Profile:
    mode = {"split_at": K, "level": LOW, "refine_to": HIGH, "sure_above": 0.6, "expected_bytes": 200.4, "refined_share": 0.25,
            "accuracy": 0.5}  # fmt: skip
    return replace(COMPACT, card={**COMPACT.card, "code": {**COMPACT.card["code"], "refine": {"vqa": [mode]}}})


def test_without_an_edge_only_the_device_is_left() -> None:
    assert [one.route.name for one in build(edge=None)] == ["device"]


def test_every_level_of_every_split_point_is_offered_once() -> None:
    found = [(one.split_at, one.level) for one in splits(build()) if one.refine_to is None]
    assert sorted(found) == sorted((k, n.level) for k in COMPACT.split_points("vqa") for n in COMPACT.code_levels("vqa", k))


def test_nodes_with_different_models_are_offered_no_split() -> None:
    assert splits(build(edge=node("edge-1", digest="another"))) == []


def test_features_at_the_edge_cost_neither_bytes_nor_device_time() -> None:
    kept = [one for one in build(cached={K: 3}) if one.held]
    assert [(one.split_at, one.level, one.uplink_bytes, one.device_ms) for one in kept] == [(K, 3, 0, 0.0)]


def test_a_head_computed_before_leaves_only_the_encoding() -> None:
    by_point = {one.split_at: one for one in splits(build(ready=[K])) if not one.refine_to}
    assert (by_point[K].ready, by_point[K].device_ms) == (True, pytest.approx(2.0))
    assert (by_point[K + 2].ready, by_point[K + 2].device_ms) == (False, pytest.approx(10.0))


def test_refining_is_offered_with_expected_values() -> None:
    (found,) = [one for one in build(refining()) if one.refine_to]
    assert (found.split_at, found.level, found.refine_to, found.uplink_bytes, found.accuracy) == (K, LOW, HIGH, 200, 0.5)
    assert found.device_ms == pytest.approx(10 + 0.25 * 2)
    assert found.edge_ms == pytest.approx(1.25)
    assert found.round_trips == 1.25


def test_several_edges_are_offered_side_by_side_and_the_device_once() -> None:
    found = candidates.offers("vqa", COMPACT, DEVICE, [(EDGE, {}), (node("edge-2"), {K: 1})], 90_000, SIZES)
    assert [one.edge for one in found if one.route.name == "device"] == [None]
    assert {one.edge for one in splits(found)} == {"edge-1", "edge-2"}
    assert {one.edge for one in found if one.held} == {"edge-2"}


def test_the_messages_of_a_route_are_learned_apart_from_computing() -> None:
    learned = replace(DEVICE, corrected={"compact/overhead/split": 30.0})
    found = candidates.build("vqa", COMPACT, learned, EDGE, 90_000, SIZES, cached={K: 1})
    costs = {(one.route.name, one.held): one.overhead_ms for one in found if not one.refine_to}
    assert costs["split", False] == 30.0
    assert costs["split", True] == 15.0  # never seen: one call, where a split makes two


def test_what_a_receipt_says_was_used_is_recognised_among_new_options() -> None:
    used = next(one for one in build(refining()) if one.refine_to)
    receipt = {"route": "split", "split_at": K, "level": LOW, "codec": None, "quality": None, "edge": "edge-1", "held": False,
               "refine_to": HIGH}  # fmt: skip
    assert records.from_receipt(receipt).key == used.key
