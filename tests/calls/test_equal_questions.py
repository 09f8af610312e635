"""An equal question about an equal photo gets its answer again: whose, when, and when not."""

import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from devices.contract.protocol import PROTOCOL
from devices.contract.values import Crop
from devices.models import Node, ProfileChoice, Sample
from inference.agreement import known_profiles
from inference.answering import turns
from inference.answering.attempt import Attempt, FailedAttempts
from inference.answering.journal import Journal
from inference.answering.reuse import equal_steps
from inference.models import ModelCall, Photo, Step, Turn
from inference.photos import store
from inference.planning.plan import PlanStep
from inference.receipt import parse
from tests.answering.conftest import Pair, carry_out, pair, vision  # noqa: F401  fixtures
from webapp.chat.decisions import get_decisions

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nodes(pair: Pair, transactional_db: None, settings: Any) -> None:  # noqa: F811
    settings.REUSE_DAYS = 30
    digest = pair.device.vision.digest
    points = {str(k): 5.0 for k in pair.profile.split_points("classify")}
    for slug, tier in (("jetson-t", "device"), ("edge-t", "edge")):
        times = {"whole_ms": 20.0, "head_ms": points, "encode_ms": points, "tail_ms": points, "send_ms": {}}
        profile = {"name": "compact", "digest": digest, "protocol": PROTOCOL, "tasks": dict.fromkeys(pair.profile.tasks, times)}
        Node.objects.create(
            slug=slug, tier=tier, approved=True, token_sha256=slug, profile=profile, last_seen=timezone.now(), queue=0
        )
    for size, ms in ((256, 6.0), (16384, 70.0)):
        Sample.objects.create(node="jetson-t", at=timezone.now(), bytes=size, ms=ms, source="probe")


@pytest.fixture
def photo(owner: Any, photo_bytes: bytes) -> Photo:
    return store.store(owner, [photo_bytes])


def ask(owner: Any, photo: Photo | None, question: str = "What is this?", **how: Any) -> dict[str, Any]:
    """The receipt of the answer."""
    return _receipt(answered(turns.ask(owner, uuid.uuid4(), question, photo, **how)))


def attempt_at(turn: Turn, part: Crop | None = None) -> Attempt:
    return Attempt(Journal(turn, "token"), PlanStep(id=1, task="classify"), FailedAttempts(), 0.0, part)


def answered(turn: Turn) -> Turn:
    carry_out(turn)
    turn.refresh_from_db()
    assert turn.state == "answered", turn.error or turn.steps.get().error
    return turn


def _receipt(turn: Turn) -> dict[str, Any]:
    receipt: dict[str, Any] = turn.steps.get().receipt
    parse(receipt)
    return receipt


def test_the_second_time_nothing_is_computed_or_sent(owner: Any, photo: Photo, pair: Pair) -> None:  # noqa: F811
    first = answered(turns.ask(owner, uuid.uuid4(), "What is this?", photo))
    pair.calls.clear()
    second = answered(turns.ask(owner, uuid.uuid4(), "  what is THIS ??", photo))
    before, after = _receipt(first), _receipt(second)
    assert not pair.calls and second.answer == first.answer
    assert after["cached"] == {"turn": str(first.pk), "step": 1, "at": before["at"]}
    assert (after["answer"], after["confidence"], after["top"]) == (before["answer"], before["confidence"], before["top"])
    assert after["bytes"]["uplink"] == 0 and not after["photo_left_device"] and not after["fell_back_from"]
    assert after["actual_ms"]["device"] == after["actual_ms"]["edge"] == 0 < after["actual_ms"]["total"]
    assert before["jobs"] and after["jobs"] == [] == after["candidates"], "the jobs of the earlier question"
    assert [call.cached for call in ModelCall.objects.order_by("pk")] == [False, True]


def test_its_story_names_the_earlier_question_and_no_job_of_that(owner: Any, photo: Photo) -> None:
    first = answered(turns.ask(owner, uuid.uuid4(), "What is this?", photo))
    second = answered(turns.ask(owner, uuid.uuid4(), "What is this?", photo))
    Step.objects.filter(turn=second).update(
        receipt={**_receipt(second), "jobs": _receipt(first)["jobs"]}
    )  # by an earlier version
    stories = [io.StringIO(), io.StringIO()]
    for turn, out in zip((first, second), stories, strict=True):
        call_command("logs", str(turn.pk), stdout=out)
    computed, reused = (out.getvalue() for out in stories)
    assert "the fastest first:" in computed and "job " in computed
    assert f"step 1 of question {first.pk}" in reused and "job " not in reused and "candidate" not in reused


def test_the_same_pixels_uploaded_again_are_an_equal_photo(owner: Any, photo: Photo, photo_bytes: bytes) -> None:
    copy = store.store(owner, [photo_bytes])
    assert copy.pk != photo.pk and copy.digest == photo.digest
    ask(owner, photo)
    receipt = ask(owner, copy)
    assert "cached" in receipt and receipt["photo"] == str(copy.pk)


@pytest.mark.parametrize(
    "how",
    [{"question": "What colour is it?"}, {"fresh": True}, {"route": "device"}, {"node": "jetson-t"}, {"policy": "best"}],
    ids=str,
)
def test_another_question_a_fresh_one_and_a_forced_one_are_computed(owner: Any, photo: Photo, how: dict[str, Any]) -> None:
    ask(owner, photo)
    assert "cached" not in ask(owner, photo, **how)


def test_a_fresh_answer_serves_the_next_question(owner: Any, photo: Photo) -> None:
    ask(owner, photo)
    fresh = answered(turns.ask(owner, uuid.uuid4(), "What is this?", photo, fresh=True))
    assert ask(owner, photo)["cached"]["turn"] == str(fresh.pk)


def test_nobody_gets_the_answer_of_somebody_else(owner: Any, colleague: Any, photo: Photo, photo_bytes: bytes) -> None:
    ask(owner, photo)
    assert "cached" not in ask(colleague, store.store(colleague, [photo_bytes]))


def test_not_even_where_the_names_of_steps_agreed(owner: Any, colleague: Any, photo: Photo, photo_bytes: bytes) -> None:
    ask(owner, photo)
    Step.objects.update(equals="the same")
    other = turns.ask(colleague, uuid.uuid4(), "What is this?", store.store(colleague, [photo_bytes]))
    assert equal_steps.earlier(other, "the same") is None


def test_other_models_answer_anew(owner: Any, photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(owner, photo)
    monkeypatch.setattr(known_profiles, "made_from", lambda name: "other weights")
    assert "cached" not in ask(owner, photo)


def test_while_nodes_change_their_models_nothing_is_used_again(owner: Any, photo: Photo, settings: Any) -> None:
    ask(owner, photo)
    attempt = attempt_at(turns.ask(owner, uuid.uuid4(), "What is this?", photo))
    assert equal_steps.name_of(attempt)
    ProfileChoice.objects.create(profile="compact", previous="compact")
    assert not equal_steps.name_of(attempt_at(attempt.journal.turn))


def test_another_part_of_the_photo_is_another_question(owner: Any, photo: Photo) -> None:
    turn = turns.ask(owner, uuid.uuid4(), "What is this?", photo)
    parts = None, Crop(left=0, top=0, right=0.5, bottom=1), Crop(left=0.5, top=0, right=1, bottom=1)
    assert len({equal_steps.name_of(attempt_at(turn, part)) for part in parts}) == 3


def test_an_answer_expires_and_zero_days_turn_it_off(owner: Any, photo: Photo, settings: Any) -> None:
    ask(owner, photo)
    Turn.objects.update(created=timezone.now() - timedelta(days=31))
    assert "cached" not in ask(owner, photo)
    settings.REUSE_DAYS = 0
    assert "cached" not in ask(owner, photo)


def test_with_its_conversation_an_answer_is_gone(owner: Any, photo: Photo) -> None:
    ask(owner, photo)
    assert "cached" in ask(owner, photo)
    Turn.objects.filter(steps__receipt__has_key="cached").delete()
    Turn.objects.all().delete()
    assert "cached" not in ask(owner, photo)


def test_it_is_answered_with_every_node_away(owner: Any, photo: Photo) -> None:
    ask(owner, photo)
    Node.objects.update(last_seen=timezone.now() - timedelta(hours=1))
    assert "cached" in ask(owner, photo)


def test_ask_afresh_answers_the_same_question_again(owner: Any, photo: Photo, client_of: Any) -> None:
    ask(owner, photo)
    turn = answered(turns.ask(owner, uuid.uuid4(), "What is this?", photo))
    assert "cached" in _receipt(turn)
    answer = client_of(owner).post(f"/api/v1/turns/{turn.pk}/retry?fresh=true")
    assert answer.status_code == 200 and answer.json()["fresh"]
    assert "cached" not in _receipt(answered(Turn.objects.get(pk=turn.pk)))


def test_what_was_not_decided_is_no_decision(owner: Any, photo: Photo, rf: Any) -> None:
    ask(owner, photo)
    ask(owner, photo)
    request = rf.get("/")
    request.user = owner
    assert len(get_decisions(request, "jetson-t").decisions) == 1
