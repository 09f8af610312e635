"""A training request in the chat: a draft run with its reasons, a link to it, and never a start."""

from typing import Any

import pytest

from federation.models import Run
from inference.models import Turn
from tests.answering.conftest import carry_out
from webapp.chat import conversations

pytestmark = pytest.mark.django_db(transaction=True)


def _answered(owner: Any, question: str) -> Turn:
    turn = conversations.ask(owner, question)
    carry_out(turn)
    turn.refresh_from_db()
    return turn


def test_a_training_request_becomes_a_draft_that_nobody_started(owner: Any, store: Any) -> None:
    turn = _answered(owner, "Train a classifier on CIFAR-10 with ten boards, 20 rounds")
    run = Run.objects.get(turn=turn.pk)
    assert (run.state, run.owner) == ("draft", owner)
    assert (run.spec["dataset"], run.spec["clients"], run.spec["rounds"]) == ("cifar10", 10, 20)
    assert run.why == {"dataset": "cifar-10", "clients": "ten boards", "rounds": "20 rounds"}
    assert turn.plan["draft"] == f"/federation/{run.pk}/"
    assert "Nothing starts before you start it" in turn.answer
    assert [step.state for step in turn.steps.all()] == ["answered"]


def test_fields_that_contradict_each_other_are_said_and_nothing_is_drafted(owner: Any, store: Any) -> None:
    turn = _answered(owner, "Train on digits with krum and secure aggregation on ten boards")
    assert not Run.objects.exists()
    assert turn.state == "failed" and "choose one of the two" in turn.error["message"]
