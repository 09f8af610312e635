"""The previous choice for placement's hysteresis: that of the last step of the same task on the same device."""

import uuid
from typing import Any

import pytest

from devices.models import Node
from inference.models import Step, Turn
from inference.placement import fleet

pytestmark = pytest.mark.django_db


def answered(owner: Any, task: str = "vqa", state: str = "answered", **fields: Any) -> None:
    turn = Turn.objects.create(owner=owner, conversation=uuid.uuid4(), question="what is it?")
    receipt = {
        "device": "jetson-a",
        "edge": "edge-1",
        "forced": None,
        "route": "split",
        "split_at": 2,
        "level": 4,
        "codec": None,
        "quality": None,
        "held": False,
        "refine_to": None,
        **fields,
    }
    Step.objects.create(turn=turn, number=1, task=task, state=state, receipt=receipt)


@pytest.fixture
def device() -> Node:
    return Node(slug="jetson-a", tier="device")


def test_the_newest_of_the_same_kind_on_the_same_device_counts(owner: Any, device: Node) -> None:
    answered(owner, level=1)
    answered(owner, level=3)
    answered(owner, task="caption", level=5)
    answered(owner, device="jetson-b", level=6)
    candidate = fleet.previous(device, "vqa")
    assert candidate is not None and candidate.key == ("split", 2, 3, None, None, False, None, "edge-1", None)


def test_forced_and_failed_steps_do_not_count(owner: Any, device: Node) -> None:
    answered(owner, forced="split")
    answered(owner, state="failed")
    assert fleet.previous(device, "vqa") is None
