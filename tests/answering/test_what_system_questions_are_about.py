"""Which figures a question about the system gets: those that this person may see, of the device, run and time that it names."""

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.models import CameraRule, Node
from federation.models import Run
from inference.answering.system_questions import run_source
from inference.answering.system_questions.question import span
from inference.models import PlannerCall, Turn
from tests.answering.conftest import Ask
from tests.answering.system_world import CONVERSATION, answered, drop, fleet, node, powered, run, started

pytestmark = pytest.mark.django_db


def test_somebody_elses_run_is_no_run(ask: Ask, colleague: Any) -> None:
    fleet()
    run(colleague, 13, [0.9], state="running")
    assert ask("how many rounds has run 13 done?") == ask("how many rounds has run 14 done?").replace("14", "13")
    assert ask("which run was the best?") == "You have no training run yet. Start one on the Federation page."
    assert ask("did nano-2 drop out of run 13?").startswith("You have no run 13.")
    assert ask("what did today cost?").startswith(
        "Today (UTC): 0 questions of yours (0 bytes sent for answers) and no training."
    )


def test_a_device_that_a_colleagues_run_needs_is_not_to_be_unplugged(ask: Ask, colleague: Any) -> None:
    fleet()
    run(colleague, 13, [0.9], state="running")
    assert "Leave jetson-orin plugged in: a run of somebody else trains on it." in ask("can I unplug the Orin?")
    assert ask("is anything training?") == "None of your runs is training right now. A run of somebody else is training."


def test_somebody_elses_questions_count_for_nothing(ask: Ask, owner: Any, colleague: Any) -> None:
    answered(colleague)
    assert ask("how many bytes did that save?").startswith("No question about a photo")
    assert ask("how many questions did I ask in total?") == "So far: you asked 0 questions."
    assert "median" not in ask("how long do my answers take?")
    assert ask("what was my last question?").startswith("There is no earlier question")


def test_another_conversation_is_not_meant(ask: Ask, owner: Any) -> None:
    answered(owner, conversation=uuid.UUID(int=8))
    assert ask("how many bytes did that save?").startswith("No question about a photo")
    assert ask("how many bytes did I save so far?").startswith("So far: your 1 question about photos saved 83,640 bytes")


def test_the_latest_answer_is_meant_though_a_question_about_the_system_came_between(ask: Ask, owner: Any) -> None:
    answered(owner, sent=100)
    answered(owner, sent=200)
    Turn.objects.create(owner=owner, conversation=CONVERSATION, question="how many devices are online?", state="answered")
    assert "200 bytes were sent" in ask("how many bytes did that save?")


def test_an_answer_that_sent_more_than_the_photo_saved_nothing(ask: Ask, owner: Any) -> None:
    failure = {"node": "edge-1", "why": "edge-1 is offline.", "bytes": 84_000, "ms": 10.0}
    answered(owner, sent=360, fell_back_from=[failure])
    assert ask("how many bytes did that save?") == "The last answer saved no bytes: 84 KB were sent, and the photo has 84 KB."


def test_a_question_that_is_being_answered_counts_with_the_others(ask: Ask, owner: Any) -> None:
    answered(owner)
    Turn.objects.create(owner=owner, conversation=CONVERSATION, question="how many questions did I ask?", state="running")
    assert ask("how many questions did I ask today?").endswith(
        "2 questions (1 answered and 1 not answered yet, this one included)."
    )


def test_questions_of_an_earlier_day_are_not_of_today(ask: Ask, owner: Any) -> None:
    turn = answered(owner)
    Turn.objects.filter(pk=turn.pk).update(created=timezone.now() - timedelta(days=40))
    assert ask("how many questions did I ask today?") == "Today (UTC): you asked 0 questions."
    assert ask("how many questions did I ask in the last 60 days?").endswith("you asked 1 question (1 answered).")


def test_the_cost_of_a_day_has_bytes_training_planning_and_energy(ask: Ask, owner: Any, colleague: Any, settings: Any) -> None:
    settings.PLANNER = {**settings.PLANNER, "price_in": 1.0}
    fleet()
    started(owner)
    answered(owner)
    powered("jetson-orin", hours=2, watts=7.5)
    for person, cost in ((owner, 0.25), (colleague, 0.5)):
        PlannerCall.objects.create(owner=person, model="m", purpose="plan", outcome="ok", ms=1.0, cost=cost)
    text = ask("what did the last 24 hours cost?")
    assert "1 question of yours (360 bytes sent for answers) and 14 rounds of training (42 KB sent, 2 min)." in text
    assert "Planning cost 0.2500 in 1 call (0.7500 for everybody)." in text
    assert "Energy: 15.0 Wh by the sensors of jetson-orin, for everybody's work." in text
    assert "for everybody)" not in ask("what did the last 24 hours cost?", colleague), "only administrators see the whole cost"


def test_the_energy_of_one_device(ask: Ask) -> None:
    fleet()
    powered("jetson-orin", hours=1, watts=6.0)
    assert "energy 6.0 Wh by the sensors of jetson-orin" in ask("how much energy did the Orin use in the last 24 hours?")
    assert "energy not available, because nano-2 measured no power then" in ask(
        "how much energy did nano-2 use in the last hour?"
    )


def test_accuracies_on_different_data_sets_are_not_compared(ask: Ask, owner: Any) -> None:
    run(owner, 1, [0.9])
    run(owner, 2, [0.5], spec={"dataset": "cifar10", "clients": 10})
    text = ask("which run was the best?")
    assert "On CIFAR-10, run 2 is your only run: an accuracy of 50.0 % after 1 round." in text
    assert "On Digits, run 1 is your only run: an accuracy of 90.0 % after 1 round." in text


def test_a_draft_is_not_the_last_run(ask: Ask, owner: Any) -> None:
    run(owner, 1, [0.9])
    run(owner, 2, [], state="draft")
    assert ask("how did the last run go?").startswith("Run 1 ")
    assert ask("how many rounds has run 2 done?").endswith("is a draft that has not been started.")


def test_a_run_that_waits_says_what_for(ask: Ask, owner: Any) -> None:
    run(owner, 3, [], state="queued", phase="2 runs are before it")
    assert "waits (2 runs are before it); it has completed 0 of 10 rounds." in ask("why is run 3 so slow?")
    assert ask("did anybody drop out of run 3?") == "Run 3 has completed no round yet, so no device has dropped out of it."


def test_a_node_that_was_deleted_is_still_known_to_its_run(ask: Ask, owner: Any) -> None:
    run(owner, 4, [0.5, 0.6])
    drop(4, [1])
    text = ask("did nano-2 drop out of run 4?")
    assert text.startswith("nano-2 was lost in 1 of its 2 rounds of run 4") and text.endswith("It counted again in round 2.")


def test_last_nights_run_is_the_one_that_began_then(ask: Ask, owner: Any) -> None:
    run(owner, 5, [0.5])
    run(owner, 6, [0.6])
    Run.objects.filter(pk=5).update(created=timezone.now() - timedelta(days=1))
    assert ask("how accurate was yesterday's run?").startswith("Run 5 ")
    Run.objects.filter(pk=5).delete()
    assert ask("how accurate was yesterday's run?") == "You have no such run. See the Federation page."


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"silent_s": None}, "kit-1 is registered but has never connected: start its agent."),
        ({"approved": False}, "kit-1 has joined and waits for approval on the Devices page."),
        ({"silent_s": 8}, "kit-1 is stale: its last heartbeat was "),
        ({}, "It is loading its models."),
        ({"obstacles": {"stages": "onnxruntime is missing."}}, "It answers no questions now. onnxruntime is missing."),
        ({"versions": {"agent": "0.0.1"}}, "is too old for this server"),
        ({"revoked_at": datetime(2030, 1, 2, 3, 4, tzinfo=UTC)}, "were revoked on 2 Jan 2030, 03:04 UTC, so it is not used."),
    ],
)
def test_states_of_a_device(ask: Ask, fields: dict[str, Any], expected: str) -> None:
    node("kit-1", **fields)
    assert expected in ask("is kit-1 connected?")


def test_a_device_in_use_is_meant_before_a_revoked_one(ask: Ask) -> None:
    node("lab-old", title="Lab tablet", revoked_at=timezone.now())
    node("lab-new", title="Lab tablet")
    assert ask("is the lab tablet online?").startswith("Lab tablet is online")
    Node.objects.filter(slug="lab-new").delete()
    assert "were revoked" in ask("is the lab tablet online?")


def test_several_devices_that_fit_are_all_answered(ask: Ask) -> None:
    node("pi-1", title="Kitchen camera")
    node("pi-2", title="Kitchen tablet")
    assert ask("is the one in the kitchen online?").count("is online") == 2


def test_a_device_alone_is_missed_when_it_is_unplugged(ask: Ask) -> None:
    node("kit-1", whole_ms=80.0)
    assert ask("can I unplug kit-1?").endswith("Without it no device can answer questions.")


def test_only_cameras_that_one_may_use_are_named(ask: Ask, colleague: Any) -> None:
    row = node("kit-1", hardware={"cameras": [{"name": "door"}, {"name": "roof"}]})
    CameraRule.objects.create(node=row, camera="door", everyone=True)
    assert ask("which cameras can I use?", colleague) == "You may use door of kit-1."
    assert ask("which cameras can I use?") == "You may use door, roof of kit-1."


def test_ten_thousand_words_are_answered_at_once(ask: Ask) -> None:
    fleet()
    began = time.monotonic()
    for words in (
        "is nano-2 online and " * 2500,
        "zork " * 10_000,
        "run 12 " * 10_000,
        "what can you " * 10_000,
        "- " * 10_000,
    ):
        assert ask(words)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "message", ["run 99999999999999999999", "run 0", "run -1", "ist das Tablet online?", "\x00 online?", "🤖?"]
)
def test_strange_messages_get_a_sentence(ask: Ask, message: str) -> None:
    fleet()
    assert ask(message).endswith((".", "”"))


def test_without_training_a_sentence_says_so(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_source, "_sources", [])
    assert ask("which run was the best?").startswith("Training is not installed on this server.")


def test_spans_of_time() -> None:
    now = datetime(2030, 5, 15, 9, 30, tzinfo=UTC)
    night = span("what did last night cost?", now)
    assert night is not None and (night.start, night.end) == (
        datetime(2030, 5, 14, 18, tzinfo=UTC),
        datetime(2030, 5, 15, 6, tzinfo=UTC),
    )
    assert night.words == "Last night (14 May 2030, 18:00 UTC to 15 May 2030, 06:00 UTC)"
    starts = {
        words: period.start if (period := span(words, now)) else None
        for words in ("today", "yesterday", "this week", "this month", "last 3 hours", "past week", "whenever")
    }
    assert starts == {
        "today": datetime(2030, 5, 15, tzinfo=UTC),
        "yesterday": datetime(2030, 5, 14, tzinfo=UTC),
        "this week": datetime(2030, 5, 13, tzinfo=UTC),
        "this month": datetime(2030, 5, 1, tzinfo=UTC),
        "last 3 hours": datetime(2030, 5, 15, 6, 30, tzinfo=UTC),
        "past week": datetime(2030, 5, 8, 9, 30, tzinfo=UTC),
        "whenever": None,
    }
