"""The server exports its models anew: nodes that run are offered them, one of each tier at a time."""

from collections.abc import Callable
from typing import Any

import pytest

from devices import model_choice
from devices.models import ExportedModels, Node
from devices.telemetry import presence
from tests.devices.conftest import Board
from tests.devices.test_heartbeat import PROFILE

OLD, NEW, NEWER = "a" * 16, "b" * 16, "c" * 16
OFFER = {"profile": "compact", "choice": 0, "bundle": NEW}
WHY = "No engine can compute the compact models on this machine."


def profile(bundle: str) -> dict[str, Any]:
    return {**PROFILE, "bundle": bundle}


@pytest.fixture
def boards(board: Callable[..., Board]) -> list[Board]:
    """Two devices and an edge with the old export."""
    model_choice.exported("compact", OLD)
    joined = [board(), board(name="jetson-b"), board(name="edge-1", tier="edge")]
    for each in joined:
        each.beat(profile=profile(OLD), boot="1")
    return joined


def offer(board: Board, **report: Any) -> Any:
    return board.beat(**report).json().get("models")


def node(slug: str = "jetson-a") -> Node:
    return Node.objects.get(slug=slug)


def test_nobody_is_offered_the_export_that_it_has(boards: list[Board]) -> None:
    assert [offer(board) for board in boards] == [None] * 3


def test_a_newer_one_is_offered_to_one_node_of_each_tier_at_a_time(boards: list[Board]) -> None:
    first, second, edge = boards
    model_choice.exported("compact", NEW)
    assert offer(first) == OFFER and offer(second) is None and offer(edge) == OFFER
    assert offer(first) == OFFER, "the reply may have been lost"
    assert model_choice.progress() == {"ready": [], "changing": ["jetson-a", "jetson-b", "edge-1"], "refused": []}
    assert not model_choice.is_changing(), "every node can answer: a question that fails has another reason"
    assert offer(first, profile=profile(NEW)) is None and offer(second) == OFFER
    second.beat(profile=profile(NEW))
    edge.beat(profile=profile(NEW))
    assert model_choice.progress()["ready"] == ["jetson-a", "jetson-b", "edge-1"]


def test_a_node_that_computes_with_the_weights_themselves_is_offered_none(boards: list[Board]) -> None:
    boards[0].beat(profile=PROFILE)
    model_choice.exported("compact", NEW)
    assert offer(boards[0]) is None


def test_an_export_of_other_models_than_those_that_answer_is_offered_to_none(boards: list[Board]) -> None:
    model_choice.exported("paper", NEW)
    assert [offer(board) for board in boards] == [None] * 3


def test_a_node_that_refuses_one_is_offered_the_next(boards: list[Board]) -> None:
    first, second, _ = boards
    model_choice.exported("compact", NEW)
    offer(first)
    refusal = {"choice": 0, "bundle": NEW, "why": WHY}
    assert offer(first, refused=refusal) is None and offer(second) == OFFER
    assert presence.as_json(node())["refused_models"] == WHY and model_choice.progress()["refused"] == ["jetson-a"]
    second.beat(profile=profile(NEW))
    model_choice.exported("compact", NEWER)
    assert offer(first, refused=refusal) == {**OFFER, "bundle": NEWER}
    assert presence.as_json(node())["refused_models"] == "", "of the export before"


def test_a_refusal_of_an_export_that_is_no_longer_the_newest_says_nothing(boards: list[Board]) -> None:
    model_choice.exported("compact", NEW)
    offer(boards[0])
    model_choice.exported("compact", NEWER)
    assert offer(boards[0], refused={"choice": 0, "bundle": NEW, "why": WHY}) == {**OFFER, "bundle": NEWER}
    assert presence.as_json(node())["refused_models"] == ""


def test_one_row_for_each_profile(boards: list[Board]) -> None:
    for digest in (NEW, NEW, NEWER):
        model_choice.exported("compact", digest)
    assert list(ExportedModels.objects.values_list("profile", "digest")) == [("compact", NEWER)]


@pytest.mark.parametrize("bundle", ["../../etc", "A" * 16, "a" * 15])
def test_a_digest_that_is_none_is_refused(bundle: str, boards: list[Board]) -> None:
    assert boards[0].beat(profile=profile(bundle)).status_code == 422
