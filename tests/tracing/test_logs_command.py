"""`manage.py logs` tells the story of a question or a run from the database, and says what it cannot find."""

import io
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from federation.models import ClientReport, Round, Run
from federation.runs import lifecycle
from inference.models import PlannerCall, Step, Turn
from tests.placement.test_receipt_type import FIRST
from webapp.notices.models import Delivery
from webapp.notices.tell import Event, tell

pytestmark = pytest.mark.django_db
QUESTION = "What is\x1b[2J this?"
JOBS = [
    {"id": "a1b2", "verb": "send_photo", "node": "jetson-a", "ms": 110.0},
    {"id": "c3d4", "verb": "run_whole", "node": "edge-1", "ms": 45.0},
]
REFUSED = {**FIRST["candidates"][0], "route": "device", "codec": None, "quality": None, "predicted_ms": 900.0,
           "uplink_bytes": 0, "allowed": False, "why_not": "it is too slow", "chosen": False}  # fmt: skip
FELL_BACK = [{"node": "edge-2", "why": "edge-2 is offline.", "bytes": 700, "ms": 300.0, "jobs": [{**JOBS[0], "id": "e5f6"}]}]
RECEIPT = {**FIRST, "candidates": [REFUSED, *FIRST["candidates"]], "fell_back_from": FELL_BACK, "jobs": JOBS}
PLAN = {"steps": [{"id": 1, "task": "vqa", "question": "what is this?"}], "why": "One question.", "planner": "llm",
        "model": "gpt-small", "note": "It was repaired once.", "ms": 820.0, "remark": ""}  # fmt: skip


@pytest.fixture
def turn(owner: Any) -> Turn:
    now = timezone.now()
    turn = Turn.objects.create(
        owner=owner, conversation=uuid4(), question=QUESTION, state="answered", plan=PLAN, answer="It is a dog.",
        attempt=1, started=now, finished=now,
    )  # fmt: skip
    Step.objects.create(turn=turn, number=1, task="vqa", question="what is this?", state="answered", receipt=RECEIPT)
    PlannerCall.objects.create(turn=turn.pk, model="gpt-small", purpose="plan", outcome="repaired", ms=812.0, tokens_in=500)
    PlannerCall.objects.create(turn=uuid4(), model="of another question", purpose="plan", outcome="ok", ms=1.0)
    values = {"title": "edge-2", "silent_s": 15}
    notice = tell(Event("node.offline", values, "edge-2", "/devices/edge-2/", at=turn.queued))
    Delivery.objects.create(notice=notice, channel="mail", state="failed", outcome="The mail server refused it.")
    return turn


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command("logs", *arguments, stdout=out)
    return out.getvalue()


def fails(*arguments: str) -> tuple[int, str]:
    err = io.StringIO()
    with pytest.raises(SystemExit) as exit:
        call_command("logs", *arguments, stdout=io.StringIO(), stderr=err)
    return int(str(exit.value.code)), err.getvalue()


@pytest.mark.parametrize("words", [
    "by owner: What is",
    "gpt-small for the plan: repaired after 812 ms",
    "[llm, 820 ms] One question.",
    "It was repaired once.",
    "2 candidates, 1 allowed by fastest",
    "→ ",
    "not allowed: it is too slow",
    "fell back from edge-2 after 300 ms: edge-2 is offline.",
    "700 bytes were sent in vain",
    "job e5f6: send_photo at jetson-a, 110 ms",
    "job c3d4: run_whole at edge-1, 45 ms",
    "queue 0.00, device 1.00, uplink 100.00, edge 40.00, overhead 9.00",
    "9,000 bytes up",
    "It is a dog.",
    "edge-2 is offline (mail failed: The mail server refused it.)",
])  # fmt: skip
def test_it_tells_of_a_question(words: str, turn: Turn) -> None:
    story = told(str(turn.pk))
    assert words in story, story
    assert "of another question" not in story


def test_nothing_in_it_moves_the_cursor(turn: Turn) -> None:
    assert "\x1b" not in told(str(turn.pk)) + told()


def test_a_trace_id_names_its_question(turn: Turn) -> None:
    assert told(turn.pk.hex) == told(str(turn.pk))


def test_for_programs_the_last_line_is_all_of_it(turn: Turn) -> None:
    story = json.loads(told(str(turn.pk), "--json").splitlines()[-1])
    assert (story["turn"], story["trace"], story["question"], story["by"]) == (str(turn.pk), turn.pk.hex, QUESTION, "owner")
    assert story["steps"][0]["receipt"]["jobs"] == JOBS and story["notices"][0]["deliveries"][0]["state"] == "failed"


def test_a_question_that_failed_says_why(owner: Any) -> None:
    error = {"code": "no_device", "message": "No device is online.", "next": "Start one."}
    turn = Turn.objects.create(owner=owner, conversation=uuid4(), question="What?", state="failed", error=error, attempt=3)
    Step.objects.create(turn=turn, number=1, task="vqa", state="failed", error=error)
    assert told(str(turn.pk)).count("No device is online. Start one. (no_device)") == 2


def test_a_question_that_waits_says_for_what(owner: Any) -> None:
    phase = {"name": "queued", "step": None, "since": timezone.now().isoformat()}
    turn = Turn.objects.create(owner=owner, conversation=uuid4(), question="What?", phase=phase)
    assert "queued since" in told(str(turn.pk))


def test_a_receipt_of_the_first_version_has_a_story(turn: Turn) -> None:
    Step.objects.update(receipt=FIRST)
    assert "fell back from edge-2" in told(str(turn.pk))


def test_a_training_run_has_a_story(owner: Any) -> None:
    run = lifecycle.draft(owner, {"clients": 2, "rounds": 3})
    Run.objects.update(
        state="failed", error={"code": "gone", "message": "All left.", "next": "Try again."}, finished=timezone.now()
    )
    row = Round.objects.create(run=run, number=1, accuracy=0.5, seconds={"compute": 2.0}, bytes_up=10, bytes_down=20)
    ClientReport.objects.create(round=row, partition=1, node="jetson-b", state="late", reason="It was slow.")
    run.refresh_from_db()
    lifecycle.tell_end(run)
    story = told(str(run.pk))
    for words in ("compute 2.0 s; 10 bytes up, 20 bytes down, accuracy 0.500", "client 1 at jetson-b: late. It was slow.",
                  "All left. Try again. (gone)", f"{run.pk}, failed", "by owner", "notice"):  # fmt: skip
        assert words in story, story
    assert json.loads(told(str(run.pk), "--json").splitlines()[-1])["trace"] == lifecycle.trace(run)


def test_without_a_name_the_latest_questions_are_listed(turn: Turn, owner: Any) -> None:
    newest = Turn.objects.create(owner=owner, conversation=uuid4(), question="And that? " * 50)
    first, second = told().splitlines()
    assert str(newest.pk) in first and str(turn.pk) in second and "answered in" in second and len(first) < 200
    assert told("--last", "1").splitlines() == [first]


@pytest.mark.parametrize(("name", "words"), [
    (str(UUID(int=7)), "There is no question 00000000-0000-0000-0000-000000000007 here."),
    ("99", "There is no run 99 here."),
    ("9" * 18, "There is no run 999999999999999999 here."),
])  # fmt: skip
def test_what_is_not_there_is_said(name: str, words: str) -> None:
    status, said = fails(name)
    assert status == 1 and words in said


@pytest.mark.parametrize("name", ["hello", "0", "-1", "1.5", "", "9" * 30, "%" * 9])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match=r"neither the id of a question nor the number of a run|unrecognized|expected"):
        told(name)
