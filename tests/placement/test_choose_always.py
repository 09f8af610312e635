"""Properties of every choice, in any world."""

import itertools
import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.placement import policies
from inference.placement.choose import SWITCH_GAIN, Candidate, Load, NoRoute, choose
from inference.placement.link import UNKNOWN, LinkEstimate
from inference.placement.policies import Policy
from tests.placement.world import (
    FASTEST,
    IDLE,
    OPTIONS,
    SPLIT_3,
    any_policy,
    link_at,
    links,
    loads,
    options,
    predicted,
)


@given(options, links, loads, any_policy)
def test_the_choice_is_allowed_and_every_refusal_has_a_reason(
    options: list[Candidate], link: LinkEstimate, load: Load, policy: Policy
) -> None:
    choice = choose(options, link, load, policy)
    assert any(a.candidate == choice.chosen and a.allowed for a in choice.assessed)
    assert all(a.allowed == (a.why_not is None) for a in choice.assessed)
    assert [a.candidate for a in choice.assessed] == options


@given(options, links, loads, any_policy)
def test_nothing_allowed_is_predicted_faster_than_the_choice(
    options: list[Candidate], link: LinkEstimate, load: Load, policy: Policy
) -> None:
    choice = choose(options, link, load, policy)
    chosen = predicted(choice, choice.chosen)
    times = [a.predicted_ms for a in choice.assessed if a.allowed and a.predicted_ms is not None]
    assert chosen == min(times) if times else chosen is None


@given(options, links, loads, st.floats(0, 0.2), st.sampled_from([None, "device", "edge", "split"]))
def test_private_never_sends_a_photo(
    options: list[Candidate], link: LinkEstimate, load: Load, loss: float, forced: str | None
) -> None:
    try:
        assert choose(options, link, load, policies.named("private", loss), forced).chosen.route.name != "edge"
    except NoRoute:
        assert forced in {"edge", "split"}


@given(options, loads, any_policy, st.floats(100, 1e7), st.floats(1, 1000))
def test_more_bandwidth_never_makes_the_edge_look_worse(
    options: list[Candidate], load: Load, policy: Policy, rate: float, times: float
) -> None:
    slow, fast = (choose(options, link_at(r), load, policy) for r in (rate, rate * times))
    for before, after in zip(slow.assessed, fast.assessed, strict=True):
        assert after.predicted_ms <= before.predicted_ms  # type: ignore[operator]
    if slow.chosen.route.name != "device":  # a faster link cannot favour the route without one
        assert fast.chosen.route.name != "device" or predicted(fast, fast.chosen) == predicted(slow, slow.chosen)


@given(options, links, loads, any_policy, st.floats(0, 1e4), st.floats(0, 1e4))
def test_a_longer_queue_never_makes_a_node_look_better(
    options: list[Candidate], link: LinkEstimate, load: Load, policy: Policy, at_device: float, at_edges: float
) -> None:
    longer = {name: ms + at_edges for name, ms in load.edges.items()}
    busier = Load(load.device_queue_ms + at_device, load.edge_queue_ms + at_edges, longer)
    calm, busy = (choose(options, link, queues, policy) for queues in (load, busier))
    for before, after in zip(calm.assessed, busy.assessed, strict=True):
        assert (before.predicted_ms is None) == (after.predicted_ms is None)
        assert after.predicted_ms is None or after.predicted_ms >= (before.predicted_ms or 0)


@given(options, links, loads, any_policy, st.integers(0, 30))
def test_the_previous_choice_stands_only_while_nothing_is_clearly_faster(
    options: list[Candidate], link: LinkEstimate, load: Load, policy: Policy, which: int
) -> None:
    previous = options[which % len(options)]
    free, with_previous = choose(options, link, load, policy), choose(options, link, load, policy, previous=previous)
    if with_previous.chosen.key != free.chosen.key:
        assert with_previous.chosen.key == previous.key
        best, stands = predicted(free, free.chosen), predicted(with_previous, with_previous.chosen)
        assert best is not None and stands is not None and best >= stands * (1 - SWITCH_GAIN)


@given(options, links, loads, any_policy)
def test_the_same_question_gets_the_same_choice(
    options: list[Candidate], link: LinkEstimate, load: Load, policy: Policy
) -> None:
    assert choose(options, link, load, policy) == choose(list(options), link, load, policy)


@given(options, loads, any_policy, st.floats(100, 1e6), st.sampled_from([0.25, 2.0, 8.0]))
def test_a_uniformly_slower_world_chooses_the_same(
    options: list[Candidate], load: Load, policy: Policy, rate: float, factor: float
) -> None:
    """Powers of two, so that scaling is exact."""
    parts = ("device_ms", "edge_ms", "overhead_ms")
    scaled = [replace(c, **{part: getattr(c, part) * factor for part in parts}) for c in options]
    queues = {edge: ms * factor for edge, ms in load.edges.items()}
    slower = Load(load.device_queue_ms * factor, load.edge_queue_ms * factor, queues)
    fast = choose(options, link_at(rate, 16.0), load, policy)
    slow = choose(scaled, link_at(rate / factor, 16.0 * factor), slower, policy)
    assert fast.chosen.key == slow.chosen.key


@given(options, links, loads, any_policy)
def test_predictions_can_be_stored_as_json(options: list[Candidate], link: LinkEstimate, load: Load, policy: Policy) -> None:
    json.dumps([a.predicted_ms for a in choose(options, link, load, policy).assessed], allow_nan=False)


@pytest.mark.parametrize("rate", [0.0, -5.0, 1e-300, math.nan, math.inf])
def test_an_absurd_bandwidth_gives_no_absurd_prediction(rate: float) -> None:
    choice = choose(OPTIONS, link_at(rate), IDLE, FASTEST)
    assert all(a.predicted_ms is None or math.isfinite(a.predicted_ms) for a in choice.assessed)


@given(st.permutations(OPTIONS))
def test_the_order_of_the_options_does_not_matter(shuffled: list[Candidate]) -> None:
    assert choose(shuffled, link_at(250_000), IDLE, FASTEST).chosen == SPLIT_3


def test_every_pair_of_route_and_policy_gives_a_choice_or_a_sentence() -> None:
    for policy, forced, link in itertools.product(
        ("fastest", "private", "best"), (None, "device", "edge", "split"), (UNKNOWN, link_at(1e5))
    ):
        try:
            reason = choose(OPTIONS, link, IDLE, policies.named(policy, 0.02), forced).reason
        except NoRoute as error:
            reason = str(error)
        assert reason.endswith(".")
