"""Before anybody has measured what compressing costs, only what is nearly lossless is chosen, and the receipt says so."""

from dataclasses import replace

import pytest
from hypothesis import given

from inference.placement import policies, routes, unmeasured
from inference.placement.choose import Candidate, Load, NoRoute, choose
from inference.placement.link import LinkEstimate
from inference.placement.policies import Policy
from tests.placement.world import IDLE, any_policy, link_at, links, loads, options, why_not

# The large models as they were fetched: no accuracy is known, not even of the whole model.


def photo(codec: str | None, quality: int | None, size: int) -> Candidate:
    return Candidate(routes.EDGE, None, None, codec, quality, size, 5.0 if codec else 0.0, 2_200.0, None)


DEVICE = Candidate(routes.DEVICE, None, None, None, None, 0, 8_500.0, 0.0, None)
PHOTO, WEBP_20, WEBP_90 = photo(None, None, 224_000), photo("webp", 20, 3_000), photo("webp", 90, 14_000)
JPEG_85, JPEG_90 = photo("jpeg", 85, 15_000), photo("jpeg", 90, 20_000)
LOW, HIGH = (Candidate(routes.SPLIT, 2, level, None, None, size, 900.0, 2e3, None) for level, size in ((1, 90), (8, 28_000)))
OPTIONS = [DEVICE, PHOTO, WEBP_20, WEBP_90, JPEG_85, JPEG_90, LOW, HIGH]
FASTEST = policies.named("fastest", 0.02)
SLOW = link_at(30_000)


def test_fastest_takes_the_smallest_of_the_nearly_lossless_ways() -> None:
    choice = choose(OPTIONS, SLOW, IDLE, FASTEST)
    assert choice.chosen == WEBP_90
    assert [a.candidate for a in choice.assessed if a.allowed] == [DEVICE, PHOTO, WEBP_90, JPEG_90]


@pytest.mark.parametrize("candidate", [WEBP_20, JPEG_85, LOW, HIGH])
def test_what_may_lose_much_is_refused_with_a_sentence(candidate: Candidate) -> None:
    sentence = "What it costs in accuracy was not measured, so only nearly lossless ways are allowed."
    assert why_not(choose(OPTIONS, SLOW, IDLE, FASTEST), candidate) == sentence


def test_the_receipt_says_why_nothing_smaller_was_taken() -> None:
    assert choose(OPTIONS, SLOW, IDLE, FASTEST).reason.endswith(
        "What smaller ways cost in accuracy was not measured, so only nearly lossless ones are allowed."
    )


def test_a_nearly_lossless_way_says_that_its_cost_is_not_measured() -> None:
    assert choose([DEVICE, WEBP_90], SLOW, IDLE, FASTEST).reason.endswith("What it costs in accuracy was not measured.")


def test_nothing_is_said_where_nothing_was_held_back() -> None:
    assert "not measured, so" not in choose([DEVICE, PHOTO], SLOW, IDLE, FASTEST).reason


def test_a_level_may_be_used_once_it_is_measured() -> None:
    measured = [replace(option, accuracy=1.0) if option.exact else option for option in OPTIONS]
    measured[-2] = replace(LOW, accuracy=0.99)
    choice = choose(measured, link_at(3_000), IDLE, FASTEST)
    assert choice.chosen == measured[-2]


def test_a_level_that_was_measured_to_lose_too_much_stays_refused() -> None:
    measured = [replace(option, accuracy=1.0) if option.exact else option for option in OPTIONS]
    measured[-2] = replace(LOW, accuracy=0.6)
    choice = choose(measured, SLOW, IDLE, FASTEST)
    assert choice.chosen == WEBP_90 and why_not(choice, measured[-2]) == "It gives up 40.0 % of accuracy; 2.0 % is allowed."


def test_private_stays_on_the_device_until_a_code_is_measured() -> None:
    assert choose(OPTIONS, SLOW, IDLE, policies.named("private", 0.02)).chosen == DEVICE


def test_most_accurate_refuses_even_the_nearly_lossless() -> None:
    choice = choose(OPTIONS, link_at(1e6), IDLE, policies.named("best", 0.0))
    assert choice.chosen == PHOTO and why_not(choice, WEBP_90) == "What it costs in accuracy was not measured."


def test_a_forced_split_takes_the_level_that_loses_least_and_says_so() -> None:
    choice = choose(OPTIONS, SLOW, IDLE, FASTEST, forced="split")
    assert choice.chosen == HIGH
    assert "nothing else is left to choose. What it costs in accuracy was not measured." in choice.reason


def test_of_a_forced_split_that_is_partly_measured_only_that_part_is_taken() -> None:
    low = replace(LOW, accuracy=0.5)
    choice = choose([replace(DEVICE, accuracy=0.8), low, HIGH], SLOW, IDLE, FASTEST, forced="split")
    assert choice.chosen == low and why_not(choice, HIGH) == "What it costs in accuracy was not measured."


@given(options, links, loads, any_policy)
def test_what_is_chosen_freely_is_measured_or_nearly_lossless(
    options: list[Candidate], link: LinkEstimate, load: Load, policy: Policy
) -> None:
    try:
        choice = choose(options, link, load, policy)
    except NoRoute:
        return
    chosen = choice.chosen
    assert not unmeasured.unknown_cost(chosen) or unmeasured.nearly_lossless(chosen) or "nothing else is left" in choice.reason
