"""Placement chooses what its own numbers say, within the policy, and explains itself."""

import itertools
import json
import math
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.link import UNKNOWN, LinkEstimate
from inference.placement import Candidate, Choice, Load, NoRoute, Policy, choose

DEVICE = Candidate("device", None, None, None, None, 0, 400.0, 0.0, 0.84)
PHOTO = Candidate("edge", None, None, None, None, 224_000, 0.0, 40.0, 0.84)
WEBP = Candidate("edge", None, None, "webp", 60, 32_000, 0.0, 40.0, 0.83)
SPLIT_1 = Candidate("split", 2, 1, None, None, 212, 70.0, 32.0, 0.75)
SPLIT_3 = Candidate("split", 2, 3, None, None, 612, 70.0, 32.0, 0.83)
OPTIONS = [DEVICE, PHOTO, WEBP, SPLIT_1, SPLIT_3]
IDLE = Load(0.0, 0.0)
FASTEST = Policy("fastest", 0.02)


def _link(rate: float, rtt_ms: float = 10.0, source: str = "transfers") -> LinkEstimate:
    return LinkEstimate(rate, rtt_ms, 1.0, source)


def _predicted(choice: Choice, candidate: Candidate) -> float | None:
    return next(a.predicted_ms for a in choice.assessed if a.candidate == candidate)


def _why_not(choice: Choice, candidate: Candidate) -> str | None:
    return next(a.why_not for a in choice.assessed if a.candidate == candidate)


accuracies = st.none() | st.floats(0, 1)
ms = st.floats(0, 1e5)
sizes = st.integers(0, 10**7)
devices = st.builds(
    Candidate, st.just("device"), st.none(), st.none(), st.none(), st.none(), st.just(0), ms, st.just(0.0), accuracies
)
edges = st.builds(
    Candidate, st.just("edge"), st.none(), st.none(), st.sampled_from([None, "webp", "jpeg"]), st.integers(1, 95), sizes,
    st.just(0.0), ms, accuracies,
)  # fmt: skip
splits = st.builds(
    Candidate, st.just("split"), st.integers(0, 12), st.integers(1, 8), st.none(), st.none(), sizes, ms, ms, accuracies
)
options = st.tuples(devices, st.lists(edges | splits, max_size=20)).map(lambda both: [both[0], *both[1]])
links = st.just(UNKNOWN) | st.builds(
    LinkEstimate,
    st.floats(100, 1e8),
    st.none() | st.floats(0, 500),
    st.floats(0, 1e4),
    st.sampled_from(["transfers", "lower bound"]),
)
loads = st.builds(Load, ms, ms)
policies = st.builds(Policy, st.sampled_from(["fastest", "private", "best"]), st.floats(0, 0.2))


def test_the_prediction_is_the_sum_of_its_parts() -> None:
    choice = choose(OPTIONS, _link(100_000, 20), Load(5, 7), FASTEST)
    assert _predicted(choice, DEVICE) == pytest.approx(5 + 400)
    assert _predicted(choice, WEBP) == pytest.approx(5 + 320 + 20 + 7 + 40)
    assert _predicted(choice, SPLIT_3) == pytest.approx(5 + 70 + 6.12 + 20 + 7 + 32)


@pytest.mark.parametrize(("rate", "route"), [(1_000, "device"), (50_000, "split"), (250_000, "split"), (1e12, "edge")])
def test_the_route_follows_the_link(rate: float, route: str) -> None:
    options = [DEVICE, PHOTO, WEBP, replace(SPLIT_3, uplink_bytes=6_000)]
    assert choose(options, _link(rate), IDLE, FASTEST).chosen.route == route


def test_a_busy_edge_loses_to_an_idle_device() -> None:
    assert choose(OPTIONS, _link(250_000), Load(0, 1000), FASTEST).chosen == DEVICE


def test_fastest_gives_up_no_more_accuracy_than_configured() -> None:
    choice = choose(OPTIONS, _link(2_000), IDLE, FASTEST)
    assert choice.chosen == DEVICE or choice.chosen == SPLIT_3
    assert _why_not(choice, SPLIT_1) == "It gives up 9.0 % of accuracy; 2.0 % is allowed."
    assert choose(OPTIONS, _link(2_000), IDLE, Policy("fastest", 0.1)).chosen == SPLIT_1


def test_a_loss_of_exactly_what_is_allowed_is_allowed() -> None:
    options = [replace(DEVICE, accuracy=0.84), replace(SPLIT_3, accuracy=0.82)]
    assert choose(options, _link(250_000), IDLE, FASTEST).chosen.route == "split"


def test_best_gives_up_nothing() -> None:
    choice = choose(OPTIONS, _link(250_000), IDLE, Policy("best", 0.02))
    assert choice.chosen == DEVICE
    assert not next(a.allowed for a in choice.assessed if a.candidate == WEBP)


def test_best_does_not_take_what_was_never_measured() -> None:
    unmeasured = replace(SPLIT_3, accuracy=None)
    assert choose([DEVICE, unmeasured], _link(250_000), IDLE, Policy("best", 0)).chosen == DEVICE


def test_a_compressed_candidate_that_scored_higher_by_luck_does_not_exclude_the_whole_model() -> None:
    lucky = replace(SPLIT_3, accuracy=0.85)
    assert choose([DEVICE, lucky], _link(10), IDLE, Policy("best", 0)).chosen == DEVICE


def test_unmeasured_accuracy_is_not_excluded_by_fastest_but_said() -> None:
    choice = choose([DEVICE, replace(SPLIT_3, accuracy=None)], _link(250_000), IDLE, FASTEST)
    assert choice.chosen.route == "split"
    assert choice.reason.endswith("What it costs in accuracy was not measured.")


def test_an_unknown_link_prefers_what_needs_none_and_says_so() -> None:
    choice = choose(OPTIONS, UNKNOWN, IDLE, FASTEST)
    assert choice.chosen == DEVICE
    assert "link is not measured yet" in choice.reason
    assert _predicted(choice, SPLIT_3) is None


def test_an_unknown_link_with_a_forced_route_sends_the_fewest_bytes() -> None:
    choice = choose(OPTIONS, UNKNOWN, IDLE, FASTEST, forced="edge")
    assert choice.chosen == WEBP
    assert "fewest bytes" in choice.reason


def test_private_allows_the_split_but_not_the_photo() -> None:
    choice = choose(OPTIONS, _link(1e12), IDLE, Policy("private", 0.02))
    assert choice.chosen == SPLIT_3
    assert _why_not(choice, WEBP) == "The photo would leave the device."


def test_private_and_a_forced_edge_contradict_each_other() -> None:
    with pytest.raises(NoRoute, match="keeps it on the device"):
        choose(OPTIONS, _link(1e6), IDLE, Policy("private", 0.02), forced="edge")


@pytest.mark.parametrize("route", ["edge", "split"])
def test_a_forced_route_that_is_not_there_is_one_sentence(route: str) -> None:
    with pytest.raises(NoRoute, match="possible for this step"):
        choose([DEVICE], _link(1e6), IDLE, FASTEST, forced=route)


def test_no_options_at_all_is_one_sentence() -> None:
    with pytest.raises(NoRoute, match="no way to answer"):
        choose([], UNKNOWN, IDLE, FASTEST)


@pytest.mark.parametrize("route", ["device", "edge", "split"])
def test_a_forced_route_is_taken(route: str) -> None:
    choice = choose(OPTIONS, _link(250_000), IDLE, FASTEST, forced=route)
    assert choice.chosen.route == route
    assert choice.reason.startswith("As you asked: ")
    assert {a.candidate.route for a in choice.assessed if a.allowed} == {route}


def test_a_forced_route_that_loses_too_much_is_taken_at_its_most_accurate_and_said() -> None:
    poor = [replace(SPLIT_1, accuracy=0.5), replace(SPLIT_3, accuracy=0.6)]
    choice = choose([DEVICE, *poor], _link(1000), IDLE, FASTEST, forced="split")
    assert choice.chosen.accuracy == 0.6
    assert "more accuracy than “fastest” allows" in choice.reason


def test_a_small_gain_does_not_change_the_route_and_a_large_one_does() -> None:
    was = replace(SPLIT_3, device_ms=75.0)  # its cost has moved since; it is still the same candidate
    slightly = [DEVICE, SPLIT_3, replace(WEBP, uplink_bytes=0, edge_ms=100.0)]
    assert choose(slightly, _link(250_000), IDLE, FASTEST).chosen.route == "edge"
    kept = choose(slightly, _link(250_000), IDLE, FASTEST, previous=was)
    assert kept.chosen == SPLIT_3
    assert "too little less to change for" in kept.reason
    clearly = [DEVICE, SPLIT_3, replace(WEBP, uplink_bytes=0, edge_ms=20.0)]
    assert choose(clearly, _link(250_000), IDLE, FASTEST, previous=was).chosen.route == "edge"


def test_a_previous_choice_that_is_no_longer_allowed_is_left() -> None:
    assert choose(OPTIONS, _link(250_000), IDLE, Policy("private", 0.02), previous=WEBP).chosen == SPLIT_3


def test_the_reason_names_the_choice_its_bytes_the_rate_and_the_runner_up() -> None:
    assert choose(OPTIONS, _link(248_000), IDLE, FASTEST).reason == (
        "Split after block 2 at level 3: 612 bytes take 2 ms at 248 KB/s, the answer 114 ms; "
        "the next best, edge with WebP 60, would take 179 ms."
    )


def test_a_bound_on_the_link_is_called_one() -> None:
    assert "at 248 KB/s or more" in choose(OPTIONS, _link(248_000, source="lower bound"), IDLE, FASTEST).reason


def test_an_unknown_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="cheapest"):
        Policy("cheapest")


def test_sixty_candidates_take_less_than_a_millisecond() -> None:
    many = [replace(SPLIT_3, split_at=k, level=level, uplink_bytes=100 * level) for k in range(12) for level in range(1, 6)]
    times = []
    for _ in range(30):
        started = time.perf_counter()
        choose([DEVICE, *many], _link(250_000), IDLE, FASTEST)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.001


@given(options, links, loads, policies)
def test_the_choice_is_one_of_the_allowed_and_every_other_has_a_reason(
    options: list[Candidate], link: LinkEstimate, load: Load, policy: Policy
) -> None:
    choice = choose(options, link, load, policy)
    assert any(a.candidate == choice.chosen and a.allowed for a in choice.assessed)
    assert all(a.allowed == (a.why_not is None) for a in choice.assessed)
    assert [a.candidate for a in choice.assessed] == options


@given(options, links, loads, policies)
def test_nothing_allowed_is_predicted_faster_than_the_choice(
    options: list[Candidate], link: LinkEstimate, load: Load, policy: Policy
) -> None:
    choice = choose(options, link, load, policy)
    chosen = _predicted(choice, choice.chosen)
    known = [a.predicted_ms for a in choice.assessed if a.allowed and a.predicted_ms is not None]
    assert chosen == min(known) if known else chosen is None


@given(options, links, loads, st.floats(0, 0.2), st.sampled_from([None, "device", "edge", "split"]))
def test_private_never_sends_a_photo(
    options: list[Candidate], link: LinkEstimate, load: Load, loss: float, forced: str | None
) -> None:
    try:
        assert choose(options, link, load, Policy("private", loss), forced).chosen.route != "edge"
    except NoRoute:
        assert forced in {"edge", "split"}


@given(options, loads, policies, st.floats(100, 1e7), st.floats(1, 1000))
def test_more_bandwidth_never_makes_the_edge_look_worse(
    options: list[Candidate], load: Load, policy: Policy, rate: float, times: float
) -> None:
    slow, fast = (choose(options, _link(r), load, policy) for r in (rate, rate * times))
    for before, after in zip(slow.assessed, fast.assessed, strict=True):
        assert after.predicted_ms <= before.predicted_ms  # type: ignore[operator]
    if slow.chosen.route != "device":  # what the faster link favours cannot be the one route without a link
        assert fast.chosen.route != "device" or _predicted(fast, fast.chosen) == _predicted(slow, slow.chosen)


@given(options, links, loads, policies)
def test_the_same_question_gets_the_same_choice(
    options: list[Candidate], link: LinkEstimate, load: Load, policy: Policy
) -> None:
    assert choose(options, link, load, policy) == choose(list(options), link, load, policy)


@given(options, loads, policies, st.floats(100, 1e6), st.sampled_from([0.25, 2.0, 8.0]))
def test_a_world_that_is_slower_throughout_chooses_the_same(
    options: list[Candidate], load: Load, policy: Policy, rate: float, factor: float
) -> None:
    """Powers of two, so that scaling is exact."""
    scaled = [replace(c, device_ms=c.device_ms * factor, edge_ms=c.edge_ms * factor) for c in options]
    slower = Load(load.device_queue_ms * factor, load.edge_queue_ms * factor)
    here = choose(options, _link(rate, 16.0), load, policy)
    there = choose(scaled, _link(rate / factor, 16.0 * factor), slower, policy)
    assert here.chosen.key == there.chosen.key


@given(options, links, loads, policies)
def test_predictions_can_be_stored_as_json(options: list[Candidate], link: LinkEstimate, load: Load, policy: Policy) -> None:
    json.dumps([a.predicted_ms for a in choose(options, link, load, policy).assessed], allow_nan=False)


@pytest.mark.parametrize("rate", [0.0, -5.0, 1e-300, math.nan, math.inf])
def test_an_absurd_bandwidth_gives_no_absurd_prediction(rate: float) -> None:
    choice = choose(OPTIONS, _link(rate), IDLE, FASTEST)
    assert all(a.predicted_ms is None or math.isfinite(a.predicted_ms) for a in choice.assessed)


@given(st.permutations(OPTIONS))
def test_the_order_of_the_options_does_not_matter(shuffled: list[Candidate]) -> None:
    assert choose(shuffled, _link(250_000), IDLE, FASTEST).chosen == SPLIT_3


def test_every_pair_of_route_and_policy_ends_in_a_choice_or_a_sentence() -> None:
    for policy, forced, link in itertools.product(
        ("fastest", "private", "best"), (None, "device", "edge", "split"), (UNKNOWN, _link(1e5))
    ):
        try:
            reason = choose(OPTIONS, link, IDLE, Policy(policy, 0.02), forced).reason
        except NoRoute as error:
            reason = str(error)
        assert reason.endswith(".")
