"""What is counted when something happens. Nothing here asks the database, and nothing waits."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_save

from federation.runs import journal as runs
from federation.runs.rows import ClientRow, RoundRow
from inference.answering import journal, turns
from inference.models import PlannerCall, Turn
from inference.placement import regret
from inference.receipt import Receipt
from webapp.gate.refusals import App
from webapp.ops.metrics import counted
from webapp.ops.metrics.reporter import REPORTER, TOTALS
from webapp.ops.metrics.requests import Measured


def connect() -> None:
    """Once in each process, unless metrics are switched off."""
    if not settings.METRICS:
        return
    turns.has_ended.connect(question_ended, dispatch_uid="metrics")
    journal.step_has_ended.connect(step_ended, dispatch_uid="metrics")
    post_save.connect(planner_called, PlannerCall, dispatch_uid="metrics")
    runs.round_has_ended.connect(round_ended, dispatch_uid="metrics")


def disconnect() -> None:
    turns.has_ended.disconnect(dispatch_uid="metrics")
    journal.step_has_ended.disconnect(dispatch_uid="metrics")
    post_save.disconnect(sender=PlannerCall, dispatch_uid="metrics")
    runs.round_has_ended.disconnect(dispatch_uid="metrics")


def measured(app: App) -> App:
    """The ASGI application of a web process, counted."""
    if not settings.METRICS:
        return app
    REPORTER.start("web")
    return Measured(app, request_answered, socket_opened, REPORTER.sockets)


def worker_started(**_: object) -> None:
    """Receives Celery's signal of cloud workers."""
    REPORTER.start("cloud")


def request_answered(area: str, status: str, seconds: float) -> None:
    TOTALS.add(counted.HTTP_REQUESTS, 1, area, status)
    TOTALS.observe(counted.HTTP_SECONDS, seconds, area)


def socket_opened(kind: str) -> None:
    TOTALS.add(counted.SOCKETS_OPENED, 1, kind)


def question_ended(sender: object, turn: Turn, **_: object) -> None:
    background = counted.BACKGROUND[turn.background]
    TOTALS.add(counted.QUESTIONS, 1, turn.state, background)
    if turn.started is not None:
        TOTALS.observe(counted.QUESTION_WAIT, _seconds(turn.queued, turn.started), background)
    if turn.state == "answered" and turn.finished is not None:
        TOTALS.observe(counted.QUESTION_SECONDS, _seconds(turn.queued, turn.finished), background)
    if turn.state == "failed":
        TOTALS.add(counted.QUESTION_ERRORS, 1, str((turn.error or {}).get("code", "unknown")))
    if planner := (turn.plan or {}).get("planner"):
        TOTALS.add(counted.PLANS, 1, planner)


def step_ended(sender: object, task: str, state: str, receipt: Receipt | None, new_photo: bool, **_: object) -> None:
    route = _route(receipt)
    TOTALS.add(counted.STEPS, 1, task, route, state)
    if receipt is None:
        return
    failures = receipt["fell_back_from"]
    TOTALS.add(counted.FALLBACKS, len(failures), task)
    TOTALS.add(counted.WASTED_BYTES, sum(failure.get("bytes", 0) for failure in failures))
    if receipt["actual_ms"] is not None:
        _count_bytes(receipt, new_photo)
    if receipt["actual_ms"] is not None and route != counted.REUSED:
        _count_time(receipt)
        _count_regret(receipt)


def _route(receipt: Receipt | None) -> str:
    if receipt is None:
        return counted.NO_ROUTE
    return counted.REUSED if receipt.get("cached") else receipt["route"]


def _count_bytes(receipt: Receipt, new_photo: bool) -> None:
    size = receipt["bytes"]
    TOTALS.add(counted.UPLINK_BYTES, size["uplink"], receipt["route"])
    TOTALS.add(counted.PLACED_BYTES, size["placing"])
    if new_photo:  # sent once, a photo would do for all steps
        TOTALS.add(counted.PHOTO_BYTES, size["photo"])


def _count_time(receipt: Receipt) -> None:
    route, actual, predicted_ms = receipt["route"], receipt["actual_ms"], receipt.get("predicted_ms")
    assert actual is not None
    for part in counted.PARTS:
        TOTALS.observe(counted.PART_SECONDS, float(actual[part]) / 1000, part, route)  # type: ignore[literal-required]
    TOTALS.observe(counted.STEP_SECONDS, actual["total"] / 1000, receipt["task"], route)
    if predicted_ms is not None and actual["total"] > 0:
        TOTALS.observe(counted.PREDICTION_ERROR, abs(predicted_ms - actual["total"]) / actual["total"], route)
        TOTALS.add(counted.PREDICTED_SECONDS, predicted_ms / 1000, route)
        TOTALS.add(counted.ACTUAL_SECONDS, actual["total"] / 1000, route)


def _count_regret(receipt: Receipt) -> None:
    fixed = regret.best_fixed_ms(receipt) if receipt.get("candidates") else {}
    for rule, ms in fixed.items():
        TOTALS.add(counted.CHOSEN_SECONDS, (receipt["predicted_ms"] or 0.0) / 1000, rule)
        TOTALS.add(counted.FIXED_SECONDS, ms / 1000, rule)


def planner_called(sender: object, instance: PlannerCall, created: bool, **_: object) -> None:
    if created:
        transaction.on_commit(lambda: _count_call(instance))


def _count_call(call: PlannerCall) -> None:
    TOTALS.add(counted.PLANNER_CALLS, 1, call.model, call.purpose, call.outcome)
    TOTALS.observe(counted.PLANNER_SECONDS, call.ms / 1000, call.model)
    TOTALS.add(counted.PLANNER_TOKENS, call.tokens_in, call.model, "in")
    TOTALS.add(counted.PLANNER_TOKENS, call.tokens_out, call.model, "out")
    TOTALS.add(counted.PLANNER_COST, call.cost, call.model)


def round_ended(sender: object, row: RoundRow, clients: Iterable[ClientRow], **_: Any) -> None:
    REPORTER.start("run")  # each run has a process of its own
    TOTALS.add(counted.ROUNDS, 1, "counted" if row["counted"] else "discarded")
    TOTALS.observe(counted.ROUND_SECONDS, float(row["seconds"].get("total", 0.0)))
    TOTALS.add(counted.ROUND_BYTES, row["bytes_up"], "up")
    TOTALS.add(counted.ROUND_BYTES, row["bytes_down"], "down")
    for client in clients:
        TOTALS.add(counted.ROUND_CLIENTS, 1, client["state"])


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())
