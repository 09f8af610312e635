"""What has to be said of how an answer was worded stands in the turn: in its plan and behind its answer."""

from typing import Any

import pytest

from inference.answering import orchestrate, planner_usage
from inference.answering.journal import claim
from inference.photos import store
from inference.planning.compose import StepResult, Wording
from inference.planning.llm.llm_composer import OWN_WORDS
from inference.planning.planner import OfflinePlanner
from webapp.chat import conversations

pytestmark = pytest.mark.django_db(transaction=True)


class Wordy(OfflinePlanner):
    remark = ""

    def compose(self, *arguments: Any) -> Wording:
        return Wording("Two dogs. They are brown.", self.remark)


@pytest.mark.parametrize("remark", ["", OWN_WORDS])
def test_the_remark_is_part_of_the_turn(
    owner: Any, photo_bytes: bytes, redis_url: str, monkeypatch: pytest.MonkeyPatch, remark: str
) -> None:
    def answered(execution: Any, step: Any) -> StepResult:
        return StepResult(step.id, step.task, step.question, "2", 0.9, True, (), None)

    monkeypatch.setattr(planner_usage, "planner", Wordy)
    monkeypatch.setattr(Wordy, "remark", remark)
    monkeypatch.setattr(orchestrate, "_step", answered)
    photo = store.store(owner, [photo_bytes])
    turn = conversations.ask(owner, "How many dogs are there and what colour are they?", photo=photo.pk)
    journal = claim(str(turn.pk))
    assert journal is not None
    orchestrate.answer(journal)
    turn.refresh_from_db()
    assert turn.state == "answered", turn.error
    assert turn.answer == " ".join(filter(None, ["Two dogs. They are brown.", remark]))
    assert turn.plan is not None and turn.plan["remark"] == remark
