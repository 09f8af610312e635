"""A whole turn in this process: the fallbacks when a node or the link fails half-way, and what the receipt says of them."""

import uuid
from typing import Any

import pytest
from django.utils import timezone

from devices import dispatch
from devices.models import Node, Sample
from inference.agreement import known_profiles
from inference.answering import turns
from inference.models import NodeProfile, Photo, Turn
from inference.photos import store
from inference.placement.timing_store import QUEUE
from tests.answering.conftest import HIGH, LOW, K, Pair, carry_out, refining

pytestmark = pytest.mark.django_db(transaction=True)
NEVER_SURE = 1.1


@pytest.fixture(autouse=True)
def nodes(pair: Pair, transactional_db: None) -> None:
    """Both nodes are online; the device is slow at everything, so that features are sent."""
    digest = pair.device.vision.digest
    points = {str(k): 5.0 for k in pair.profile.split_points("classify")}
    for slug, tier, whole_ms in (("jetson-t", "device", 3000.0), ("edge-t", "edge", 20.0)):
        times = {"whole_ms": whole_ms, "head_ms": points, "encode_ms": points, "tail_ms": points, "send_ms": {}}
        profile = {"name": "compact", "digest": digest, "protocol": 2, "tasks": dict.fromkeys(pair.profile.tasks, times)}
        Node.objects.create(
            slug=slug, tier=tier, approved=True, token_sha256=slug, profile=profile, last_seen=timezone.now(), queue=0
        )
    for size, ms in ((256, 6.0), (16384, 70.0)):
        Sample.objects.create(node="jetson-t", at=timezone.now(), bytes=size, ms=ms, source="probe")


@pytest.fixture
def turn(owner: Any, photo_bytes: bytes) -> Turn:
    photo = store.store(owner, [photo_bytes])
    return ask(owner, photo)


def ask(owner: Any, photo: Photo | None, **how: Any) -> Turn:
    """With the private policy, so that features are sent."""
    return turns.ask(owner, uuid.uuid4(), "What is this?", photo, policy="private", **how)


def answered(turn: Turn) -> dict[str, Any]:
    carry_out(turn)
    turn.refresh_from_db()
    step = turn.steps.get()
    assert turn.state == "answered", turn.error or step.error
    receipt: dict[str, Any] = step.receipt
    times = dict(receipt["actual_ms"])
    total = times.pop("total")
    assert sum(times.values()) == pytest.approx(total, abs=0.006), "whatever happened, the parts are the total"
    assert all(failure["ms"] > 0 for failure in receipt["fell_back_from"])
    return receipt


def force_refining(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every split is answered first and refined."""
    pair.profile = refining(pair.profile, NEVER_SURE)
    monkeypatch.setattr(known_profiles, "unchanged", lambda name: pair.profile)
    monkeypatch.setattr(type(pair.profile), "split_points", lambda self, task: (K,))
    monkeypatch.setattr(type(pair.profile), "code_levels", lambda self, task, k: [])


def test_without_a_failure_there_is_no_fallback(pair: Pair, turn: Turn) -> None:
    receipt = answered(turn)
    assert receipt["route"] != "device" and receipt["fell_back_from"] == []
    assert receipt["bytes"]["placing"] > 0 and not receipt["ready"]["placed"]


def test_only_waits_for_other_work_are_expected_of_the_next_question(pair: Pair, turn: Turn) -> None:
    """A photo that arrives with its question may have to wait for its own heads; no later question does."""

    def waited() -> set[str]:
        return set(NodeProfile.objects.filter(part=QUEUE).values_list("node", flat=True))

    assert answered(turn)["bytes"]["placing"] > 0
    assert waited() == {"edge-t"}
    assert answered(ask(turn.owner, turn.photo, route="device"))["bytes"]["placing"] == 0
    assert waited() == {"edge-t", "jetson-t"}


def test_a_stalled_link_does_not_exclude_the_device(pair: Pair, turn: Turn) -> None:
    def stalls(slug: str, verb: str) -> bool:
        if verb in ("run_head", "send_photo"):
            raise dispatch.LinkStalled(slug, f"The link of {slug} did not carry the bytes within 6 s.", 6.0)
        return False

    pair.gone = stalls
    receipt = answered(turn)
    assert (receipt["route"], receipt["device"]) == ("device", "jetson-t")
    assert {failure["node"] for failure in receipt["fell_back_from"]} == {"jetson-t"}
    assert 1 <= len(receipt["fell_back_from"]) <= 2


def test_a_stalled_transfer_is_evidence_about_the_link(pair: Pair, turn: Turn) -> None:
    def stalls(slug: str, verb: str) -> bool:
        if verb in ("run_head", "send_photo"):
            raise dispatch.LinkStalled(slug, "It did not arrive.", 6.0)
        return False

    pair.gone = stalls
    receipt = answered(turn)
    slow = Sample.objects.filter(node="jetson-t", ms=6000.0)
    assert slow.count() == len(receipt["fell_back_from"])


def test_a_stalled_link_fails_a_forced_split_with_only_its_reason(pair: Pair, turn: Turn) -> None:
    def stalls(slug: str, verb: str) -> bool:
        if verb == "run_head":
            raise dispatch.LinkStalled(slug, "The link of jetson-t did not carry the bytes within 6 s.", 6.0)
        return False

    Turn.objects.filter(pk=turn.pk).update(route="split")
    pair.gone = stalls
    carry_out(turn)
    turn.refresh_from_db()
    assert turn.state == "failed" and turn.error["message"] == "The link of jetson-t did not carry the bytes within 6 s."


def test_the_device_answers_when_the_edge_is_lost_between_two_levels(
    pair: Pair, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    force_refining(pair, monkeypatch)
    pair.gone = lambda slug, verb: verb == "run_tail" and pair.calls.count("edge-t.run_tail") == 2
    receipt = answered(turn)
    (lost,) = receipt["fell_back_from"]
    assert lost["node"] == "edge-t" and lost["bytes"] > 0
    assert receipt["route"] == "device" and receipt["bytes"]["uplink"] == 0


def test_both_levels_are_in_the_receipt(pair: Pair, turn: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    force_refining(pair, monkeypatch)
    receipt = answered(turn)
    assert [level["level"] for level in receipt["levels"]] == [LOW, HIGH] and receipt["refine_to"] == HIGH
    assert receipt["bytes"]["uplink"] == sum(level["bytes"] for level in receipt["levels"])


def test_a_turn_that_is_delivered_twice_is_answered_once(pair: Pair, turn: Turn) -> None:
    answered(turn)
    seq, calls = turn.seq, len(pair.calls)
    carry_out(turn)
    turn.refresh_from_db()
    assert (turn.seq, len(pair.calls)) == (seq, calls)


def test_the_second_question_is_answered_from_the_edge_cache(pair: Pair, turn: Turn) -> None:
    answered(turn)
    receipt = answered(ask(turn.owner, turn.photo))
    assert receipt["held"] and receipt["bytes"]["uplink"] == 0 and receipt["ready"]["placed"]


def test_a_fresh_question_uses_nothing_that_earlier_ones_left(pair: Pair, turn: Turn) -> None:
    """So that routes which are compared all start from the photo alone."""
    first = answered(turn)
    fresh = answered(ask(turn.owner, turn.photo, fresh=True))
    assert not fresh["held"] and fresh["bytes"]["uplink"] == first["bytes"]["uplink"] > 0
    assert not fresh["ready"]["head"]
    assert not any(candidate["held"] or candidate["ready"] for candidate in fresh["candidates"])


@pytest.mark.parametrize("route", ["device", "edge", "split"])
def test_every_route_accounts_for_its_whole_time(pair: Pair, turn: Turn, route: str) -> None:
    assert answered(turns.ask(turn.owner, uuid.uuid4(), "What is this?", turn.photo, route=route))["route"] == route


def test_lost_features_are_sent_again_without_counting_as_a_fallback(pair: Pair, turn: Turn) -> None:
    answered(turn)
    pair.restart_edge()
    receipt = answered(ask(turn.owner, turn.photo))
    assert not receipt["held"] and receipt["bytes"]["uplink"] > 0 and receipt["fell_back_from"] == []
    assert "sent again" in receipt["reason"]


def test_a_photo_that_the_device_lost_is_placed_again(pair: Pair, turn: Turn) -> None:
    answered(turn)
    assert turn.photo is not None
    pair.device.call("forget", photo=str(turn.photo.pk))
    pair.restart_edge()
    receipt = answered(ask(turn.owner, turn.photo))
    assert receipt["device"] == "jetson-t" and receipt["bytes"]["placing"] > 0


# -- a reply of the wrong shape is a failure of the node like any other ----------------------------------------------------

REPLIES: dict[str, Any] = {
    "no object": ["what", "is", "this"],
    "nothing": None,
    "garbage": {"queue_ms": "soon", "answer": 7},
    "an answer that is no object": {"queue_ms": 0.0, "compute_ms": 1.0, "answer": "a cat"},
    "NaN": {"answer": {"confidence": float("nan")}},
    "a confidence above one": {"answer": {"confidence": 1.5}},
    "a negative time": {"compute_ms": -5.0},
    "an infinite time": {"compute_ms": float("inf")},
    "5 MB of text": {"answer": {"text": "x" * 5_000_000}},
    "an error that is no object": {"error": "no"},
}


def tampered(good: dict[str, Any], bad: Any) -> Any:
    """The genuine reply with the bad parts in place, so that nothing else is wrong with it."""
    if not isinstance(bad, dict):
        return bad
    return {**good, **{name: {**good[name], **part} if isinstance(part, dict) else part for name, part in bad.items()}}


@pytest.mark.parametrize("name", REPLIES)
def test_the_device_answers_when_the_edge_replies_nonsense(pair: Pair, turn: Turn, name: str) -> None:
    pair.tamper = lambda slug, verb, reply: (
        tampered(reply, REPLIES[name]) if verb in ("run_tail", "run_whole") and slug == "edge-t" else reply
    )
    receipt = answered(turn)
    assert (receipt["route"], receipt["device"]) == ("device", "jetson-t")
    (failure,) = receipt["fell_back_from"]
    assert failure["node"] == "edge-t" and "invalid reply" in failure["why"]
