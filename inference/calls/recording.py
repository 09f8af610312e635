"""Write calls to the log when they end, and add what they used to the sums of person and token."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import transaction

from devices.calls import caller
from inference.calls import allowances
from inference.calls.tables import BATCH, QUESTION, ModelCall, PlannerCall
from inference.models import Turn
from inference.planning.llm.llm_calls import Call
from inference.receipt import FailureRecord, Receipt, link_bytes

# Of the calls that are made inside.
_token: ContextVar[int | None] = ContextVar("asked with", default=None)


@contextmanager
def asked_with(token: int | None) -> Iterator[None]:
    """Attribute planner calls inside to a personal token."""
    reset = _token.set(token)
    try:
        yield
    finally:
        _token.reset(reset)


def token() -> int | None:
    return _token.get()


def planner_call(owner: int | None, call: Call) -> None:
    """Raises DatabaseError."""
    token = _token.get()
    with transaction.atomic():  # what fails undoes nothing of the caller's
        PlannerCall.objects.create(
            owner_id=owner, token_id=token, turn=caller.turn(),
            model=call.model[:100], purpose=call.purpose, outcome=call.outcome[:40],
            tokens_in=call.tokens_in, tokens_out=call.tokens_out, ms=call.ms, cost=call.cost, estimated=call.estimated,
        )  # fmt: skip
        if owner is not None:
            allowances.add(owner, token, planner_tokens=call.tokens_in + call.tokens_out, planner_cost=call.cost)


def answered(turn: Turn, number: int, receipt: Receipt) -> None:
    """In the transaction that stores the receipt."""
    actual = receipt["actual_ms"]
    _record(
        turn,
        number,
        receipt["task"],
        model=(receipt.get("model") or receipt.get("answered_by") or "")[:100],
        route=receipt["route"],
        device=receipt["device"],
        edge=receipt["edge"] or "",
        outcome="ok",
        ms=actual["total"] if actual else 0.0,
        link_bytes=link_bytes(receipt),
        confidence=receipt["confidence"],
        cached="cached" in receipt,
    )


def failed(turn: Turn, number: int, task: str, code: str, failures: Sequence[FailureRecord]) -> None:
    """`failures`: of the attempts before the step was given up."""
    sent = sum(failure.get("bytes", 0) for failure in failures)
    ms = sum(failure.get("ms", 0.0) for failure in failures)
    _record(turn, number, task, outcome=code[:40], ms=ms, link_bytes=sent, device=failures[0]["node"] if failures else "")


def rated(turn: Turn, up: bool | None) -> None:
    """The calls of the turn's present answer; those of an earlier attempt keep what was thought of theirs."""
    calls = ModelCall.objects.filter(turn=turn.pk, created__gte=turn.started or turn.queued)
    calls.update(up=up)


def _record(turn: Turn, number: int, task: str, **facts: Any) -> None:
    call = ModelCall.objects.create(
        owner_id=turn.owner_id,
        token_id=turn.token_id,
        origin=BATCH if turn.background else QUESTION,
        turn=turn.pk,
        step=number,
        purpose=task,
        question=_question(turn.plan, number) if settings.CALL_TEXTS else "",
        **facts,
    )
    allowances.add(turn.owner_id, turn.token_id, link_bytes=call.link_bytes)


def _question(plan: Mapping[str, Any] | None, number: int) -> str:
    steps = plan["steps"] if plan else []
    return next((str(step["question"] or "") for step in steps if step["id"] == number), "")
