"""Placement chooses by its own predictions, within the policy, and explains the choice."""

from dataclasses import replace

import pytest

from inference.placement import policies
from inference.placement.choose import Load, NoRoute, choose
from inference.placement.link import UNKNOWN
from tests.placement.world import (
    DEVICE,
    FASTEST,
    HELD,
    IDLE,
    OPTIONS,
    PHOTO,
    REFINED,
    SPLIT_1,
    SPLIT_3,
    WEBP,
    link_at,
    predicted,
    why_not,
)


def test_the_prediction_is_the_sum_of_its_parts() -> None:
    choice = choose(OPTIONS, link_at(100_000, 20), Load(5, 7), FASTEST)
    assert predicted(choice, DEVICE) == pytest.approx(5 + 400)
    assert predicted(choice, WEBP) == pytest.approx(5 + 320 + 20 + 7 + 40)
    assert predicted(choice, SPLIT_3) == pytest.approx(5 + 70 + 6.12 + 20 + 7 + 32)


@pytest.mark.parametrize(("rate", "route"), [(1_000, "device"), (50_000, "split"), (250_000, "split"), (1e12, "edge")])
def test_the_route_follows_the_link(rate: float, route: str) -> None:
    options = [DEVICE, PHOTO, WEBP, replace(SPLIT_3, uplink_bytes=6_000)]
    assert choose(options, link_at(rate), IDLE, FASTEST).chosen.route.name == route


def test_an_idle_device_is_preferred_to_a_busy_edge() -> None:
    assert choose(OPTIONS, link_at(250_000), Load(0, 1000), FASTEST).chosen == DEVICE


def test_fastest_gives_up_no_more_accuracy_than_configured() -> None:
    choice = choose(OPTIONS, link_at(2_000), IDLE, FASTEST)
    assert choice.chosen == DEVICE or choice.chosen == SPLIT_3
    assert why_not(choice, SPLIT_1) == "It gives up 9.0 % of accuracy; 2.0 % is allowed."
    assert choose(OPTIONS, link_at(2_000), IDLE, policies.named("fastest", 0.1)).chosen == SPLIT_1


def test_a_loss_of_exactly_the_limit_is_allowed() -> None:
    options = [replace(DEVICE, accuracy=0.84), replace(SPLIT_3, accuracy=0.82)]
    assert choose(options, link_at(250_000), IDLE, FASTEST).chosen.route.name == "split"


def test_best_gives_up_nothing() -> None:
    choice = choose(OPTIONS, link_at(250_000), IDLE, policies.named("best", 0.02))
    assert choice.chosen == DEVICE
    assert not next(a.allowed for a in choice.assessed if a.candidate == WEBP)


def test_best_refuses_unmeasured_accuracy() -> None:
    unmeasured = replace(SPLIT_3, accuracy=None)
    assert choose([DEVICE, unmeasured], link_at(250_000), IDLE, policies.named("best", 0)).chosen == DEVICE


def test_a_compressed_candidate_that_scored_higher_by_luck_does_not_exclude_the_whole_model() -> None:
    lucky = replace(SPLIT_3, accuracy=0.85)
    assert choose([DEVICE, lucky], link_at(10), IDLE, policies.named("best", 0)).chosen == DEVICE


def test_cached_features_need_neither_device_nor_link() -> None:
    choice = choose([*OPTIONS, HELD], UNKNOWN, Load(900, 7), FASTEST)
    assert choice.chosen == HELD
    assert predicted(choice, HELD) == pytest.approx(7 + 32)
    assert choice.reason.startswith("Split after block 2 at level 3, which is still at the edge: nothing is sent")


def test_refining_counts_its_expected_round_trips_and_bytes() -> None:
    choice = choose([*OPTIONS, REFINED], link_at(100_000, 20), IDLE, FASTEST)
    assert predicted(choice, REFINED) == pytest.approx(70 + 3.3 + 1.3 * 20 + 32)
    assert (
        "at level 1, refined to level 3 when unsure: about 330 bytes" in choose([REFINED], link_at(1e5), IDLE, FASTEST).reason
    )


def test_of_two_edges_the_idle_one_is_chosen() -> None:
    options = [replace(SPLIT_3, edge=name) for name in ("edge-1", "edge-2")]
    busy = Load(edges={"edge-1": 300.0, "edge-2": 1.0})
    assert choose(options, link_at(250_000), busy, FASTEST).chosen.edge == "edge-2"


def test_messages_to_the_nodes_are_part_of_the_prediction() -> None:
    slow_to_reach = replace(SPLIT_3, overhead_ms=45.0)
    choice = choose([slow_to_reach], link_at(100_000, 20), IDLE, FASTEST)
    assert predicted(choice, slow_to_reach) == pytest.approx(70 + 6.12 + 20 + 32 + 45)


def test_with_an_unknown_link_a_candidate_without_one_is_preferred() -> None:
    choice = choose(OPTIONS, UNKNOWN, IDLE, FASTEST)
    assert choice.chosen == DEVICE
    assert "link is not measured yet" in choice.reason
    assert predicted(choice, SPLIT_3) is None


def test_with_an_unknown_link_a_forced_route_sends_the_fewest_bytes() -> None:
    choice = choose(OPTIONS, UNKNOWN, IDLE, FASTEST, forced="edge")
    assert choice.chosen == WEBP
    assert "fewest bytes" in choice.reason


def test_private_allows_the_split_but_not_the_photo() -> None:
    choice = choose(OPTIONS, link_at(1e12), IDLE, policies.named("private", 0.02))
    assert choice.chosen == SPLIT_3
    assert why_not(choice, WEBP) == "The photo would leave the device."


def test_private_and_a_forced_edge_contradict_each_other() -> None:
    with pytest.raises(NoRoute, match="keeps it on the device"):
        choose(OPTIONS, link_at(1e6), IDLE, policies.named("private", 0.02), forced="edge")


@pytest.mark.parametrize("route", ["edge", "split"])
def test_a_forced_route_without_candidates_is_one_sentence(route: str) -> None:
    with pytest.raises(NoRoute, match="possible for this step"):
        choose([DEVICE], link_at(1e6), IDLE, FASTEST, forced=route)


def test_no_options_at_all_is_one_sentence() -> None:
    with pytest.raises(NoRoute, match="no way to answer"):
        choose([], UNKNOWN, IDLE, FASTEST)


@pytest.mark.parametrize("route", ["device", "edge", "split"])
def test_a_forced_route_is_chosen(route: str) -> None:
    choice = choose(OPTIONS, link_at(250_000), IDLE, FASTEST, forced=route)
    assert choice.chosen.route.name == route
    assert choice.reason.startswith("As you asked: ")
    assert {a.candidate.route.name for a in choice.assessed if a.allowed} == {route}


def test_a_forced_route_that_loses_too_much_uses_its_most_accurate_candidate_and_says_so() -> None:
    poor = [replace(SPLIT_1, accuracy=0.5), replace(SPLIT_3, accuracy=0.6)]
    choice = choose([DEVICE, *poor], link_at(1000), IDLE, FASTEST, forced="split")
    assert choice.chosen.accuracy == 0.6
    assert "more accuracy than “fastest” allows" in choice.reason


def test_a_small_gain_does_not_switch_the_route_and_a_large_one_does() -> None:
    previous_choice = replace(SPLIT_3, device_ms=75.0)  # its cost has changed since; it is still the same candidate
    slightly = [DEVICE, SPLIT_3, replace(WEBP, uplink_bytes=0, edge_ms=100.0)]
    assert choose(slightly, link_at(250_000), IDLE, FASTEST).chosen.route.name == "edge"
    unchanged = choose(slightly, link_at(250_000), IDLE, FASTEST, previous=previous_choice)
    assert unchanged.chosen == SPLIT_3
    assert "not enough faster to switch" in unchanged.reason
    clearly = [DEVICE, SPLIT_3, replace(WEBP, uplink_bytes=0, edge_ms=20.0)]
    assert choose(clearly, link_at(250_000), IDLE, FASTEST, previous=previous_choice).chosen.route.name == "edge"


def test_a_previous_choice_that_is_no_longer_allowed_is_dropped() -> None:
    assert choose(OPTIONS, link_at(250_000), IDLE, policies.named("private", 0.02), previous=WEBP).chosen == SPLIT_3


def test_the_reason_names_the_choice_its_bytes_the_rate_and_the_runner_up() -> None:
    assert choose(OPTIONS, link_at(248_000), IDLE, FASTEST).reason == (
        "Split after block 2 at level 3: 612 bytes take 2 ms at 248 KB/s, the answer 114 ms; "
        "the next best, edge with WebP 60, would take 179 ms."
    )


def test_a_lower_bound_on_the_bandwidth_is_named_as_one() -> None:
    assert "at 248 KB/s or more" in choose(OPTIONS, link_at(248_000, source="lower bound"), IDLE, FASTEST).reason


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="cheapest"):
        policies.named("cheapest")
