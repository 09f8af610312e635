"""What questions, steps, rounds and the planner leave in the metrics."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from devices import dispatch
from federation.models import Run
from inference.answering import planner_usage, turns
from inference.models import PlannerCall, Turn
from inference.planning.llm.llm_calls import Call
from tests.batches.conftest import receipt
from tests.federation.test_journal import CLIENT, ROUND, claimed
from tests.metrics.conftest import Scrape, answer, asked
from tests.placement.test_regret import receipt as placed
from webapp.live.errors import UserError

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_answered_question_is_counted_with_its_steps_and_bytes(owner: Any, value: Scrape) -> None:
    answer(owner)
    assert value("isthmus_questions_total", outcome="answered", background="no") == 1
    assert value("isthmus_questions_total", outcome="failed", background="no") == 0
    assert value("isthmus_question_seconds_count", background="no") == 1
    assert value("isthmus_plans_total", planner="offline") == 1
    assert value("isthmus_steps_total", task="vqa", route="split", outcome="answered") == 1
    assert value("isthmus_uplink_bytes_total", route="split") == 400
    assert value("isthmus_photo_bytes_total") == 5000


def test_the_parts_of_a_step_add_up_to_what_it_took(owner: Any, value: Scrape) -> None:
    answer(owner)
    answer(owner)
    parts = ("queue", "device", "uplink", "edge", "overhead")
    seconds = [value("isthmus_step_part_seconds_sum", part=part, route="split") for part in parts]
    assert seconds == pytest.approx([0.002, 0.04, 0.06, 0.02, 0.004])
    assert value("isthmus_step_seconds_sum", task="vqa", route="split") == pytest.approx(sum(seconds))
    assert value("isthmus_step_seconds_bucket", task="vqa", route="split", le="0.1") == 2
    assert value("isthmus_step_seconds_bucket", task="vqa", route="split", le="0.05") == 0


def test_a_photo_that_several_steps_are_about_counts_once(owner: Any, value: Scrape) -> None:
    journal = asked(owner, steps=3)
    for number, photo in enumerate(("a", "a", "b"), 1):
        journal.receipt(number, receipt(photo=photo))
    journal.answered("A dog and a cat.")
    assert value("isthmus_photo_bytes_total") == 2 * 5000
    assert value("isthmus_uplink_bytes_total", route="split") == 3 * 400


def test_an_answer_that_is_used_again_counts_as_reused_and_in_no_times(owner: Any, value: Scrape) -> None:
    earlier = {"turn": "t", "step": 1, "at": "2030-01-01T00:00:00"}
    answer(owner, cached=earlier, bytes={"photo": 5000, "uplink": 0, "placing": 0})
    assert value("isthmus_steps_total", task="vqa", route="reused", outcome="answered") == 1
    assert not value("isthmus_steps_total", task="vqa", route="split", outcome="answered")
    assert not value("isthmus_step_seconds_count", task="vqa", route="split")
    assert value("isthmus_photo_bytes_total") == 5000, "which were not sent"


def test_predictions_are_compared_with_what_happened(owner: Any, value: Scrape) -> None:
    answer(owner, predicted_ms=94.5)  # and took 63
    answer(owner, predicted_ms=None)
    assert value("isthmus_prediction_error_ratio_sum", route="split") == pytest.approx(0.5)
    assert value("isthmus_prediction_error_ratio_count", route="split") == 1
    assert value("isthmus_predicted_seconds_total", route="split") == pytest.approx(0.0945)
    assert value("isthmus_actual_seconds_total", route="split") == pytest.approx(0.063)


def test_the_choice_is_compared_with_each_fixed_rule_over_the_steps_that_allowed_it(owner: Any, value: Scrape) -> None:
    answer(owner, **placed(3, 100, 500, 300, 20, 50))
    answer(owner, **placed(0, 100, 500, 300, 400, 150, allowed=(True, True, True, False, False)))
    answer(owner, **placed(3, 100, 500, 300, 20, 50, forced="split"))
    sums = {
        rule: [value(f"isthmus_placement_{which}_seconds_total", rule=rule) for which in ("chosen", "fixed")]
        for rule in ("device", "upload", "photo_codec", "split")
    }
    assert sums == {
        "device": pytest.approx([0.12, 0.2]),
        "upload": pytest.approx([0.12, 1.0]),
        "photo_codec": pytest.approx([0.12, 0.6]),
        "split": pytest.approx([0.02, 0.02]),
    }


def test_failures_are_counted_by_code_and_what_was_sent_in_vain_too(owner: Any, value: Scrape) -> None:
    failures = [{"node": "edge-1", "why": "gone", "bytes": 300, "ms": 5.0}, {"node": "edge-2", "why": "gone"}]
    answer(owner, fell_back_from=failures)
    journal = asked(owner)
    journal.step_failed(1, "vqa", UserError("no_edge", "No edge is online."))
    journal.failed(UserError("no_answer", "No edge is online."))
    assert value("isthmus_fallbacks_total", task="vqa") == 2
    assert value("isthmus_wasted_bytes_total") == 300
    assert value("isthmus_questions_total", outcome="failed", background="no") == 1
    assert value("isthmus_question_errors_total", code="no_answer") == 1
    assert value("isthmus_steps_total", task="vqa", route="none", outcome="failed") == 1


def test_a_stopped_question_is_counted_once_whoever_ends_it(owner: Any, value: Scrape) -> None:
    journal = asked(owner)
    assert turns.stop(Turn.objects.get(pk=journal.turn.pk)) and not turns.stop(Turn.objects.get(pk=journal.turn.pk))
    assert value("isthmus_questions_total", outcome="stopped", background="no") == 1


def test_deleting_rows_lowers_no_counter(owner: Any, scrape: Any) -> None:
    answer(owner)
    planner_usage.usage_log().record(Call("m", "plan", "ok", 10, 5, 20.0, 0.1))
    before = scrape()
    everything: tuple[QuerySet[Any], ...] = (Turn.objects.all(), PlannerCall.objects.all())
    for rows in everything:
        rows.delete()
    after = scrape()
    counters = [sample for sample in before if sample[0].endswith(("_total", "_count", "_sum", "_bucket"))]
    assert len(counters) > 100
    assert not [sample for sample in counters if after[sample] < before[sample]]


def test_calls_of_the_planning_model_are_counted_with_tokens_and_cost(owner: Any, value: Scrape) -> None:
    log = planner_usage.usage_log()
    with dispatch.on_behalf_of(owner.pk):
        log.record(Call("gpt", "plan", "ok", 900, 50, 640.0, 0.25))
        log.record(Call("gpt", "plan", "http 429", 0, 0, 40.0, 0.0))
    assert value("isthmus_planner_calls_total", model="gpt", purpose="plan", outcome="ok") == 1
    assert value("isthmus_planner_calls_total", model="gpt", purpose="plan", outcome="http 429") == 1
    assert value("isthmus_planner_tokens_total", model="gpt", direction="in") == 900
    assert value("isthmus_planner_tokens_total", model="gpt", direction="out") == 50
    assert value("isthmus_planner_cost_total", model="gpt") == 0.25
    assert value("isthmus_planner_call_seconds_sum", model="gpt") == pytest.approx(0.68)
    assert value("isthmus_planner_spent_today") == 0.25


def test_rounds_are_counted_once_with_their_clients(owner: Any, value: Scrape) -> None:
    journal = claimed(Run.objects.create(owner=owner, spec={}, state="queued"))
    late = {**CLIENT, "partition": 1, "state": "late"}
    for _ in range(2):  # reported twice, stored once
        journal.rounded({**ROUND, "seconds": {"total": 42.0}, "counted": True}, [CLIENT, late])
    journal.rounded({**ROUND, "number": 2, "counted": False}, [{**CLIENT, "state": "lost"}])
    assert value("isthmus_federated_rounds_total", outcome="counted") == 1
    assert value("isthmus_federated_rounds_total", outcome="discarded") == 1
    assert value("isthmus_federated_round_seconds_sum") == 42
    assert [value("isthmus_federated_clients_total", state=state) for state in ("ok", "late", "lost")] == [1, 1, 1]
    assert value("isthmus_federated_bytes_total", direction="up") == 20
    assert value("isthmus_federated_bytes_total", direction="down") == 40
    assert value("isthmus_federated_runs", state="running") == 1


def test_no_sample_names_a_person_or_a_question(owner: Any, scraper: Any) -> None:
    journal = asked(owner, "Where is my secret diary?")
    journal.receipt(1, receipt())
    journal.answered("Under the bed.")
    text = scraper.get("/metrics").content.decode().lower()
    assert not [word for word in ("diary", "bed", "owner") if word in text]


def test_what_waits_and_runs_is_read_from_the_database(owner: Any, value: Scrape) -> None:
    asked(owner)
    conversation = asked(owner).turn.conversation
    waiting = turns.ask(owner, conversation, "And this?", None)
    Turn.objects.filter(pk=waiting.pk).update(queued=timezone.now() - timedelta(seconds=90))
    assert value("isthmus_questions_running", background="no") == 2
    assert value("isthmus_questions_waiting", background="no") == 1
    assert value("isthmus_oldest_question_seconds", background="no") == pytest.approx(90, abs=10)
    assert value("isthmus_oldest_question_seconds", background="yes") == 0
