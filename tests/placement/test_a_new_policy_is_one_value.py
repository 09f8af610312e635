"""A policy or a route is one value in its list: placement, forms, API and command line find it there."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.management import CommandError, get_commands, load_command_class

from inference.answering import turns
from inference.engine import catalogue
from inference.placement import candidates, policies, routes
from inference.placement.choose import NoRoute, choose
from inference.placement.link import LinkEstimate
from inference.placement.policies import Bound, Policy
from inference.placement.prediction import Candidate, Execution, Load, Situation, on_device
from inference.placement.timings import Timings
from tests.placement.world import HELD, IDLE, OPTIONS, SPLIT_1, link_at
from webapp.live.errors import UserError

LEAST_BYTES = Policy(
    "least",
    "fewest bytes",
    "Sends as little as possible over the link.",
    bound=Bound(
        lambda candidate: candidate.route.sends_photo,
        "A whole photo is too many bytes.",
        "The edge route sends a whole photo; choose another policy.",
    ),
    minimises=policies.UPLINK_BYTES,
)


@pytest.fixture
def least() -> Iterator[Policy]:
    policies.POLICIES.append(LEAST_BYTES)
    yield policies.named("least", 0.02)
    policies.POLICIES.remove(LEAST_BYTES)


def test_placement_minimises_what_the_policy_says(least: Policy) -> None:
    fast_link = link_at(1e9)
    assert choose(OPTIONS, fast_link, IDLE, policies.named("fastest", 0.02)).chosen.uplink_bytes > 0
    choice = choose(OPTIONS, fast_link, IDLE, least)
    assert choice.chosen.route == routes.DEVICE and choice.chosen.uplink_bytes == 0
    assert "would send 612 bytes" in choice.reason


def test_of_equally_few_bytes_the_faster_is_chosen(least: Policy) -> None:
    assert choose([*OPTIONS, HELD], link_at(1e5), IDLE, least).chosen == HELD


def test_placement_allows_what_the_policy_bounds_and_says_why_not(least: Policy) -> None:
    choice = choose(OPTIONS, link_at(1e9), IDLE, least)
    refused = {str(a.candidate): a.why_not for a in choice.assessed if not a.allowed}
    assert refused["edge with the whole photo"] == "A whole photo is too many bytes."
    assert refused[str(SPLIT_1)].startswith("It gives up")
    with pytest.raises(NoRoute, match="choose another policy"):
        choose(OPTIONS, link_at(1e9), IDLE, least, forced="edge")


def test_the_api_accepts_and_stores_the_policy(least: Policy, client_of: Any, owner: Any, redis_url: str) -> None:
    answer = client_of(owner).post(
        "/api/turns", {"question": "hi", "policy": "least"}, content_type="application/json", follow=True
    )
    assert answer.status_code == 202 and answer.json()["policy"] == "least"


def test_the_api_offers_the_policy_where_another_is_unknown(least: Policy) -> None:
    with pytest.raises(UserError) as refused:
        turns.check("What is it?", "cheapest", "")
    assert refused.value.next == "Use one of fastest, private, best, least."


def test_the_command_line_offers_the_policy(least: Policy) -> None:
    parser = load_command_class(get_commands()["ask"], "ask").create_parser("manage.py", "ask")
    assert parser.parse_args(["photo.jpg", "What?", "--policy", "least"]).policy == "least"
    assert LEAST_BYTES.explanation in " ".join(parser.format_help().split())
    with pytest.raises((SystemExit, CommandError)):
        parser.parse_args(["photo.jpg", "What?", "--policy", "cheapest"])


def test_pages_get_label_and_explanation(least: Policy) -> None:
    assert policies.for_pages()[-1] == {
        "name": "least",
        "label": "fewest bytes",
        "explanation": "Sends as little as possible over the link.",
    }


@dataclass(frozen=True)
class GuessRoute:
    """Answers on the device in no time at all, from nothing."""

    name: str = "guess"
    label: str = "guess"
    needs_edge: bool = False
    sends_photo: bool = False
    impossible: str = "There is nothing to guess; choose another route."
    calls: Mapping[str, int] = field(default_factory=lambda: {"guess": 1}, hash=False)

    def overhead_name(self, held: bool) -> str:
        return self.name

    def candidates(self, situation: Situation) -> Iterable[Candidate]:
        yield Candidate(self, None, None, None, None, 0, 0.1, 0.0, situation.profile.accuracy(situation.task))

    def predict(self, candidate: Candidate, link: LinkEstimate, load: Load) -> float | None:
        return on_device(candidate, load)

    def describe(self, candidate: Candidate) -> str:
        return "a guess"

    def fixed_rule(self, candidate: Candidate) -> str:
        return "device"

    def path(self, device: str, edge: str | None) -> str:
        return device

    def run(self, candidate: Candidate, execution: Execution) -> None:
        execution.answer_on_device()


@pytest.fixture
def guess() -> Iterator[GuessRoute]:
    route = GuessRoute()
    routes.ROUTES.append(route)
    yield route
    routes.ROUTES.remove(route)


def options() -> list[Candidate]:
    tasks = {"vqa": {"whole_ms": 400.0, "head_ms": {}, "tail_ms": {}}}
    device = Timings("jetson-a", {"name": "compact", "digest": "same", "tasks": tasks}, {})
    return candidates.build("vqa", catalogue.profile("compact"), device, None, 90_000, {})


def test_a_new_route_is_placed_and_carried_out(guess: GuessRoute) -> None:
    choice = choose(options(), link_at(1e5), IDLE, policies.named("fastest", 0.02))
    assert choice.chosen.route is guess and choice.reason.startswith("A guess: nothing is sent")
    calls: list[str] = []

    class Recorded:
        confidence = 1.0

        def __getattr__(self, name: str) -> Any:
            return lambda *_: calls.append(name)

    choice.chosen.route.run(choice.chosen, Recorded())  # type: ignore[arg-type]
    assert calls == ["answer_on_device"]


def test_a_new_route_can_be_forced(guess: GuessRoute) -> None:
    turns.check("What is it?", "fastest", "guess")
    choice = choose(options(), link_at(1e5), IDLE, policies.named("fastest", 0.02), forced="guess")
    assert {a.candidate.route.name for a in choice.assessed if a.allowed} == {"guess"}
    with pytest.raises(UserError, match="moon"):
        turns.check("What is it?", "fastest", "moon")
    assert routes.for_pages()[-1] == {"name": "guess", "label": "guess"}
