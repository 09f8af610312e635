"""Other models are chosen while everything runs: nodes change one after the other, and one that cannot says why."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices import model_choice
from devices.agent.home import model_change
from devices.models import Node, ProfileChoice
from devices.telemetry import presence
from tests.devices.conftest import Board
from tests.devices.test_heartbeat import PROFILE
from webapp.accounts.models import AuditEntry

PAPER = {**PROFILE, "name": "paper", "memory_mb": 3000}


@pytest.fixture
def boards(board: Callable[..., Board]) -> list[Board]:
    both = [board(), board(name="jetson-b")]
    for one in both:
        one.beat(profile=PROFILE, boot="1")
    return both


def offer(board: Board, **report: Any) -> Any:
    return board.beat(**report).json().get("models")


def offered(chosen: model_choice.Choice, bundle: str = "") -> dict[str, Any]:
    return {"profile": chosen.profile, "choice": chosen.number, "bundle": bundle}


def test_until_somebody_chooses_the_setting_holds_and_nobody_is_told(boards: list[Board]) -> None:
    assert model_choice.active() == "compact" and offer(boards[0]) is None and not model_choice.is_changing()


def test_nodes_of_a_tier_change_one_after_the_other(boards: list[Board]) -> None:
    first, second = boards
    chosen = model_choice.choose("paper")
    assert offer(first) == offered(chosen)
    assert offer(second) is None, "the first is on its way"
    assert offer(first) == offered(chosen), "the reply may have been lost"
    first.beat(profile=None, boot="2", choice=chosen.number)
    assert offer(second) is None, "it is loading"
    first.beat(profile=PAPER, choice=chosen.number)
    assert offer(second) == offered(chosen) and model_choice.is_changing()
    second.beat(profile=PAPER, choice=chosen.number)
    assert not model_choice.is_changing() and model_choice.progress()["ready"] == ["jetson-a", "jetson-b"]


def test_a_node_that_does_not_come_back_holds_up_the_others_for_a_while_only(boards: list[Board]) -> None:
    first, second = boards
    model_choice.choose("paper")
    offer(first)
    node = Node.objects.get(slug="jetson-a")
    long_ago = timezone.now() - timedelta(seconds=model_choice.LONGEST_LOAD_S + 1)
    Node.objects.filter(pk=node.pk).update(change={**node.change, "told": long_ago.isoformat()})
    assert offer(second) is not None


def test_a_node_that_cannot_change_says_why_and_keeps_what_it_has(boards: list[Board]) -> None:
    first, second = boards
    chosen = model_choice.choose("paper")
    offer(first)
    first.beat(refused={"choice": chosen.number, "why": "The vqa model is not on this machine."})
    assert offer(first) is None and offer(second) is not None
    assert model_choice.progress()["refused"] == ["jetson-a"]
    (row,) = AuditEntry.objects.about("node:jetson-a").filter(action="refused models")
    assert row.detail == "The vqa model is not on this machine."


WHY = "The vqa model is not on this machine."


def shown(slug: str) -> str:
    return presence.as_json(Node.objects.get(slug=slug))["refused_models"]


def refusing(board: Board) -> dict[str, Any]:
    """What its agent adds to every heartbeat from then on."""
    chosen = model_choice.choose("paper")
    offer(board)
    report = {"choice": 0, "refused": {"choice": chosen.number, "why": WHY}}
    board.beat(**report)
    return report


def test_pages_say_at_once_why_a_node_keeps_its_models(
    boards: list[Board], owner: Any, client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[str] = []
    monkeypatch.setattr(presence, "announce_all", lambda nodes: published.extend(map(presence.refused_models, nodes)))
    report = refusing(boards[0])
    assert WHY in published
    page = client_of(owner).get("/devices/")
    assert {node["slug"]: node["refused_models"] for node in page.context["boot"]["nodes"]} == {"jetson-a": WHY, "jetson-b": ""}
    boards[0].beat(**report)
    model_choice.choose("compact")
    assert published[-1] == "", "the choice that it refused is over"


def test_a_refusal_of_an_earlier_choice_says_nothing_of_this_one(boards: list[Board]) -> None:
    report = refusing(boards[0])
    model_choice.choose("paper")
    assert shown("jetson-a") == ""
    offer(boards[0], **report)
    assert shown("jetson-a") == "" and model_choice.progress()["refused"] == []
    assert AuditEntry.objects.about("node:jetson-a").filter(action="refused models").count() == 1


def test_an_agent_that_was_started_again_tries_again(boards: list[Board]) -> None:
    """The cause may be gone: the sentence of a refusal asks to remove it and to restart the agent."""
    report = refusing(boards[0])
    assert offer(boards[0], **report) is None
    assert offer(boards[0], boot="2", choice=0) is not None and shown("jetson-a") == ""


def test_a_node_that_is_off_is_told_when_it_comes_back_and_nobody_waits_for_it(boards: list[Board]) -> None:
    first, _ = boards
    Node.objects.update(last_seen=timezone.now() - timedelta(hours=1))
    chosen = model_choice.choose("paper")
    assert not model_choice.is_changing()
    assert offer(first, profile=PROFILE) == offered(chosen)


def test_choosing_the_same_models_again_has_every_node_load_them_anew(boards: list[Board]) -> None:
    chosen = model_choice.choose("compact")
    assert offer(boards[0]) == offered(chosen)
    assert list(AuditEntry.objects.about("models:compact").values_list("action", flat=True)) == ["reloaded"]


def test_a_node_that_joins_starts_with_the_chosen_models(board: Callable[..., Board]) -> None:
    chosen = model_choice.choose("paper")
    joined = board()
    answer = joined.get("/me/credentials")
    if answer.status_code == 200:  # given out until they were used
        assert (answer.json()["profile"], answer.json()["choice"]) == ("paper", chosen.number)
    assert offer(joined, profile=PAPER, choice=chosen.number) is None


def test_what_a_profile_took_on_a_node_is_remembered(boards: list[Board]) -> None:
    boards[0].beat(profile=PAPER)
    boards[0].beat(profile=PROFILE)
    measured = Node.objects.get(slug="jetson-a").measured
    assert measured["paper"]["memory_mb"] == 3000 and set(measured) == {"compact", "paper"}


def test_a_change_that_never_ends_is_not_waited_for_by_questions(boards: list[Board]) -> None:
    model_choice.choose("paper")
    assert model_choice.is_changing()
    ProfileChoice.objects.update(since=timezone.now() - timedelta(seconds=model_choice.SWITCH_S + 1))
    assert not model_choice.is_changing()


def test_a_setting_of_the_nodes_owner_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_PROFILE", "paper")
    assert model_change.obstacle("compact").startswith("ISTHMUS_PROFILE on this node names the paper models; remove it there")


def test_a_node_that_could_not_load_its_models_is_offered_others(boards: list[Board]) -> None:
    first, second = boards
    report = {"profile": None, "obstacles": {"stages": "The server could not export the compact models: …"}}
    first.beat(**report)
    chosen = model_choice.choose("paper")
    assert offer(first, **report) is not None
    first.beat(**report, choice=chosen.number)
    assert offer(first, **report, choice=chosen.number) is None and offer(second) is not None


def test_what_a_node_does_to_change_is_shown(boards: list[Board]) -> None:
    model_choice.choose("paper")
    offer(boards[0])
    note = "It fetches the paper models: 312 of 1510 MB are here."
    boards[0].beat(changing=note)
    assert presence.as_json(Node.objects.get(slug="jetson-a"))["changing_models"] == note
    boards[0].beat(profile=PAPER, choice=model_choice.current().number, changing="")
    assert presence.as_json(Node.objects.get(slug="jetson-a"))["changing_models"] == ""
