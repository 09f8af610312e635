"""Which calls are written, with what, and for how long."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices import dispatch
from inference.answering import planner_usage
from inference.answering.journal import claim
from inference.models import CallDay, ModelCall, PlannerCall, Turn
from inference.planning.llm.llm_calls import Call as PlannerRequest
from tests.calls.conftest import Call
from webapp.chat.ratings import rating
from webapp.live.errors import UserError
from webapp.live.lease import LeaseLost
from webapp.ops.retention import periods, pruning

pytestmark = pytest.mark.django_db
RECEIPT: dict[str, Any] = {
    "task": "vqa", "route": "split", "device": "jetson-a", "edge": "edge-1", "answered_by": "compact vqa", "confidence": 0.7,
    "bytes": {"photo": 9, "uplink": 360, "placing": 0}, "fell_back_from": [{"node": "edge-2", "why": "Gone.", "bytes": 40}],
    "actual_ms": {"queue": 0.0, "device": 5.0, "uplink": 2.0, "edge": 3.0, "overhead": 0.0, "total": 10.0},
}  # fmt: skip
PLAN = {"steps": [{"id": 1, "task": "vqa", "question": "how many dogs?"}, {"id": 2, "task": "vqa", "question": "where?"}]}


def answer(turn: Turn) -> None:
    Turn.objects.filter(pk=turn.pk).update(state="queued")
    journal = claim(str(turn.pk))
    assert journal is not None
    journal.planned(PLAN)
    journal.receipt(1, RECEIPT)
    journal.step_failed(2, "vqa", UserError("no_route", "No."), [{"node": "edge-1", "why": "", "bytes": 7, "ms": 4.0}])
    journal.answered("Two.")
    turn.refresh_from_db()


def test_each_step_of_a_turn_is_a_call(owner: Any, turn: Turn) -> None:
    answer(turn)
    done, failed = ModelCall.objects.order_by("step")
    assert (done.owner, done.origin, done.purpose, done.model, done.route) == (owner, "question", "vqa", "compact vqa", "split")
    assert (done.device, done.edge, done.ms, done.link_bytes, done.confidence) == ("jetson-a", "edge-1", 10.0, 400, 0.7)
    assert (done.turn, done.ok, done.cached) == (turn.pk, True, False)
    assert (failed.ok, failed.outcome, failed.ms, failed.link_bytes) == (False, "no_route", 4.0, 7)


def test_a_step_whose_lease_is_lost_is_no_call(turn: Turn) -> None:
    Turn.objects.filter(pk=turn.pk).update(state="queued")
    journal = claim(str(turn.pk))
    assert journal is not None
    journal.planned(PLAN)
    Turn.objects.filter(pk=turn.pk).update(lease="another")
    with pytest.raises(LeaseLost):
        journal.receipt(1, RECEIPT)
    assert not ModelCall.objects.exists(), "it is written with the receipt or not at all"


def test_calls_of_a_batch_are_told_apart(turn: Turn) -> None:
    Turn.objects.filter(pk=turn.pk).update(background=True)
    answer(turn)
    assert set(ModelCall.objects.values_list("origin", flat=True)) == {"batch"}


def test_a_planner_call_belongs_to_who_asked(owner: Any, turn: Turn) -> None:
    request = PlannerRequest("small-1", "plan", "ok", 100, 20, 5.0, 0.25)
    with dispatch.on_behalf_of(owner.pk, turn=turn.pk):
        planner_usage.usage_log().record(request)
    row = ModelCall.objects.get()
    assert (row.origin, row.owner, row.turn, row.tokens_in, row.cost) == ("planner", owner, turn.pk, 100, 0.25)
    assert PlannerCall.objects.get().pk == row.pk, "one row serves both pages"


def test_questions_are_logged_only_where_that_is_set(turn: Turn, settings: Any, client_of: Any, owner: Any) -> None:
    answer(turn)
    assert not ModelCall.objects.exclude(question="").exists()
    settings.CALL_TEXTS = True
    answer(turn)
    assert ModelCall.objects.filter(question="how many dogs?").exists()
    assert "how many dogs?" in client_of(owner).get("/calls/").content.decode()
    settings.CALL_TEXTS = False
    assert "how many dogs?" not in client_of(owner).get("/calls/").content.decode(), "not shown from then on"
    pruning.run()
    assert not ModelCall.objects.exclude(question="").exists(), "and deleted by the next pruning"
    turn.refresh_from_db()
    assert turn.question == "How many dogs?", "the conversation stays its owner's"


def test_pruning_honours_the_period_of_the_log(owner: Any, call: Call, settings: Any) -> None:
    settings.CALL_DAYS = 10
    now = timezone.now()
    call(owner, now - timedelta(days=11))
    call(owner, now - timedelta(days=9), purpose="caption")
    pruning.run()
    assert [row.purpose for row in ModelCall.objects.all()] == ["caption"]
    assert [row.purpose for row in CallDay.objects.all()] == ["caption"]


def test_the_page_says_how_long_calls_are_stored(client_of: Any, colleague: Any, settings: Any) -> None:
    def page() -> str:
        return str(client_of(colleague).get("/calls/").content.decode())

    settings.CALL_DAYS = 10
    assert "Calls are stored for 10 days." in page()
    periods.change({"model_calls": 7})
    assert "Calls are stored for 7 days." in page(), "an administrator has chosen another period"
    periods.change({"model_calls": None})
    assert "Calls are stored for ever." in page() and "None" not in page()


def test_a_rating_is_that_of_the_present_answer(owner: Any, turn: Turn) -> None:
    answer(turn)
    rating.rate(turn, owner, up=True, note="")
    assert set(ModelCall.objects.values_list("up", flat=True)) == {True}
    ModelCall.objects.update(created=turn.started - timedelta(minutes=5))
    answer(turn)
    rating.rate(turn, owner, up=False, note="")
    assert [call.up for call in ModelCall.objects.order_by("pk")] == [True, True, False, False]
    rating.withdraw(turn, owner)
    assert [call.up for call in ModelCall.objects.order_by("pk")] == [True, True, None, None]


def test_the_log_outlives_conversation_and_account(owner: Any, colleague: Any, call: Call, client_of: Any) -> None:
    call(colleague)
    colleague.delete()
    (row,) = client_of(owner).get("/api/v1/calls").json()["items"]
    assert row["person"] is None
    assert client_of(owner).get("/api/v1/calls/summary").json()["calls"] == 1
