"""While nodes change to other models no question is lost: whoever can answers alone, and otherwise it waits in the queue."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices import model_choice
from devices.contract.protocol import PROTOCOL
from devices.models import Node
from inference.answering import journal, orchestrate
from inference.models import Photo, Turn
from inference.placement import fleet
from inference.scheduling import deadlines

PROFILE = {"name": "compact", "digest": "d", "protocol": PROTOCOL, "tasks": {"vqa": {"whole_ms": 40.0}}}


def node(slug: str, tier: str, **fields: Any) -> Node:
    values = {"profile": PROFILE, "approved": True, "last_seen": timezone.now(), "token_sha256": slug, **fields}
    return Node.objects.create(slug=slug, tier=tier, fingerprint="0", **values)


@pytest.fixture
def turn(owner: Any, store: Any) -> Turn:
    photo = Photo.objects.create(owner=owner, width=1, height=1, bytes=1, source_format="jpeg", source_bytes=1)
    return Turn.objects.create(conversation=uuid.uuid4(), owner=owner, question="What is this?", photo=photo)


def test_a_device_that_has_not_changed_yet_answers_alone(turn: Turn) -> None:
    device, edge = node("jetson-a", "device"), node("edge-1", "edge")
    assert fleet.edges_for(device, [device, edge]) == [edge]
    chosen = model_choice.choose("paper")
    assert fleet.edges_for(device, [device, edge]) == []
    device.choice = edge.choice = chosen.number
    edge.profile = {**PROFILE, "name": "paper"}
    assert fleet.edges_for(device, [device, edge]) == [], "an edge with other models cannot help"


def test_a_device_with_the_chosen_models_is_preferred(turn: Turn) -> None:
    old, new = node("jetson-a", "device"), node("jetson-b", "device")
    chosen = model_choice.choose("paper")
    new.choice = chosen.number
    assert turn.photo is not None and fleet.device_for(turn.photo, "", [old, new]) == new


def test_a_question_that_finds_no_device_goes_back_into_the_queue(turn: Turn) -> None:
    chosen = model_choice.choose("paper")
    told = {"choice": chosen.number, "told": timezone.now().isoformat()}
    node("jetson-a", "device", profile=None, change=told)
    claimed = journal.claim(str(turn.pk))
    assert claimed is not None
    orchestrate.answer(claimed)
    turn.refresh_from_db()
    assert (turn.state, turn.attempt, turn.started, turn.phase["name"]) == ("queued", 0, None, "models")
    assert not turn.steps.exists() and journal.startable() == [], "it is not tried again while nobody is there"


def test_it_is_answered_once_a_device_is_back(turn: Turn) -> None:
    chosen = model_choice.choose("paper")
    Turn.objects.update(queued=timezone.now() - timedelta(seconds=10))
    assert len(journal.startable()) == 1
    node("jetson-a", "device", choice=chosen.number)
    node("jetson-b", "device", profile=None, change={"choice": chosen.number, "told": timezone.now().isoformat()})
    assert model_choice.is_changing() and len(journal.startable()) == 1


def test_it_is_not_given_up_while_models_load(turn: Turn) -> None:
    later = timezone.now() + timedelta(seconds=100)
    assert deadlines.overdue(turn, later) is deadlines.OVERDUE
    chosen = model_choice.choose("paper")
    node("jetson-a", "device", profile=None, change={"choice": chosen.number, "told": timezone.now().isoformat()})
    assert deadlines.overdue(turn, later) is None


def test_without_a_change_under_way_the_sentence_is_as_before(turn: Turn) -> None:
    claimed = journal.claim(str(turn.pk))
    assert claimed is not None
    orchestrate.answer(claimed)
    turn.refresh_from_db()
    assert turn.state == "failed" and "No device is online" in turn.error["message"]
