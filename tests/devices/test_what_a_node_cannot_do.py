"""A node that lacks an engine or Flower: what the server makes of it, and what people see."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from devices import model_choice
from devices.models import Node
from devices.telemetry import presence
from federation import nodes
from inference.models import Photo
from inference.placement import fleet
from tests.devices.conftest import Board
from tests.devices.test_heartbeat import PROFILE
from webapp.live.errors import UserError
from webapp.management.commands import doctor

NEEDS_AN_ENGINE = "Answering needs ONNX Runtime or torch; install isthmus-agent[onnx]."


@pytest.fixture
def device(board: Callable[..., Board]) -> Board:
    return board()


def stored() -> Node:
    return Node.objects.get(slug="jetson-a")


def without_an_engine(device: Board) -> None:
    device.beat(profile=None, lanes={"stages": False, "train": True}, obstacles={"stages": NEEDS_AN_ENGINE})


def test_what_a_node_cannot_do_is_shown_with_the_reason(device: Board) -> None:
    without_an_engine(device)
    assert presence.as_json(stored())["obstacles"] == [NEEDS_AN_ENGINE]
    reading = "Text in photos cannot be read here because rapidocr is not installed."
    device.beat(profile={**PROFILE, "unavailable": {"read": reading}}, obstacles={"train": "Training is switched off."})
    assert presence.as_json(stored())["obstacles"] == ["Training is switched off.", reading]
    device.beat(obstacles={})
    assert presence.as_json(stored())["obstacles"] == [reading]


def test_a_node_without_an_engine_is_online_and_gets_no_question(device: Board) -> None:
    without_an_engine(device)
    assert presence.state(stored(), timezone.now()) == "online"
    assert fleet.online(without=set()) == []
    with pytest.raises(UserError, match=r"jetson-a answers no questions\. Answering needs ONNX Runtime"):
        fleet.device_for(Photo(), "jetson-a", [])


def test_a_node_without_an_engine_trains(device: Board) -> None:
    without_an_engine(device)
    assert nodes.training() == ["jetson-a"]


def test_nobody_waits_for_it_to_change_its_models(device: Board) -> None:
    without_an_engine(device)
    model_choice.choose("paper")
    assert not model_choice.is_changing()


def test_the_doctor_names_what_it_lacks(device: Board) -> None:
    without_an_engine(device)
    assert doctor._standing(stored()) == ("online, answers no questions", f"On jetson-a: {NEEDS_AN_ENGINE}")
