"""Models that think aloud, and answers that end early: thoughts are never taken for the plan."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.planning.chat_server import QUESTION, VALID, ChatServer, Reply, is_offline, plan_with, running_server, says
from tests.planning.test_misbehaviour import Kept, ask

TEXT = json.dumps(VALID)
DRAFT = json.dumps({"steps": [{"id": 1, "task": "caption"}], "why": "a first thought"})


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with running_server() as running:
        yield running


def outcomes(server: ChatServer, *replies: Reply, **config: Any) -> list[str]:
    book = Kept()
    ask(server, list(replies), book, **config)
    return [call.outcome for call in book.calls]


@pytest.mark.parametrize(
    "content",
    [
        f"<think>Perhaps {DRAFT}? No.</think>{TEXT}",
        f"Perhaps {DRAFT}? No.</think>\n{TEXT}",
        f"<THINKING>{DRAFT}</THINKING>\n```json\n{TEXT}\n```",
        f"[THINK]{DRAFT}[/THINK]{TEXT}",
        f"First I thought of {DRAFT}, but this is better: {TEXT}",
    ],
    ids=["tags", "no opening tag", "other tags", "brackets", "prose"],
)
def test_a_plan_among_the_thoughts_is_not_the_plan(server: ChatServer, content: str) -> None:
    planned = plan_with(server, says(content))
    assert (planned.planner, planned.note, planned.plan.model_dump()) == ("llm", None, VALID)


def test_thoughts_in_fields_of_their_own_are_not_read(server: ChatServer) -> None:
    for field in ("reasoning_content", "reasoning"):
        assert plan_with(server, says(VALID, **{field: DRAFT})).plan.model_dump() == VALID


def test_thoughts_in_parts_of_the_content_are_not_read(server: ChatServer) -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": DRAFT}]}, {"type": "text", "text": TEXT}]
    assert plan_with(server, says(parts)).plan.model_dump() == VALID


@pytest.mark.parametrize(
    "reply",
    [says(""), says(None), says(f"<think>{TEXT}"), says(f"<think>{TEXT}</think>"), says("", reasoning_content=TEXT)],
    ids=["nothing", "null", "thoughts without end", "only thoughts", "only thoughts in a field"],
)
def test_an_answer_without_content_is_asked_for_once_more_and_then_planned_offline(server: ChatServer, reply: Reply) -> None:
    planned = plan_with(server, reply)
    assert is_offline(planned) and planned.note == "The planner's answer was empty; planned offline."
    assert len(server.asked) == 2
    assert outcomes(server, reply) == ["empty", "empty"]


@pytest.mark.parametrize("ended", ["length", "MAX_TOKENS"])
@pytest.mark.parametrize("content", ["<think>hm, and then", TEXT[:40], TEXT])
def test_an_answer_that_was_cut_off_is_planned_offline_at_once(server: ChatServer, content: str, ended: str) -> None:
    planned = plan_with(server, says(content, ended), max_tokens=64)
    assert is_offline(planned)
    assert (
        planned.note == "The planner's answer was cut off after 64 tokens; planned offline. Check ISTHMUS_PLANNER_MAX_TOKENS."
    )
    assert outcomes(server, says(content, ended)) == ["truncated"]


@pytest.mark.parametrize(
    "reply",
    [says(None, refusal="I cannot help with that."), says(TEXT, "content_filter"), says(None, "content_filter")],
    ids=["refusal", "filtered", "filtered to nothing"],
)
def test_a_model_that_declines_is_not_asked_again(server: ChatServer, reply: Reply) -> None:
    planned = plan_with(server, reply)
    assert is_offline(planned) and planned.note == "The planner declined to plan this message; planned offline."
    assert len(server.asked) == 1
    assert outcomes(server, reply) == ["refused"]


def test_a_model_that_thinks_gets_the_time_that_is_set(server: ChatServer) -> None:
    def thinks(handler: Any, request: dict[str, Any]) -> None:
        time.sleep(2)
        says(VALID)(handler, request)

    assert plan_with(server, thinks, timeout_s=20.0).planner == "llm"
    assert plan_with(server, thinks, question=f"{QUESTION} ", timeout_s=0.5).planner == "offline"
