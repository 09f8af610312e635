"""Everything a planning model was seen to do wrong: each ends in a valid plan within the deadline, never in a failure.

`python -m tests.planning.test_misbehaviour` prints the table.
"""

import json
import time
from typing import Any

import pytest

from inference.planning.llm.llm_calls import Call
from inference.planning.plan import Planned
from inference.planning.planner import make_planner
from inference.planning.planner_config import PlannerConfig
from tests.planning.chat_server import (
    LONG_S,
    PHOTO,
    QUESTION,
    VALID,
    ChatServer,
    Reply,
    drips,
    drips_headers,
    fails,
    hangs,
    hangs_after_a_late_byte,
    hangs_up,
    is_cut,
    plan_with,
    running_server,
    says,
    writes_for_ever,
)

DEADLINE_S = 1.2


def _step(**changes: Any) -> dict[str, Any]:
    return {"id": 1, "task": "vqa", "question": "how many dogs?", "after": [], "model": "", **changes}


def _steps(*steps: dict[str, Any]) -> dict[str, Any]:
    return {"steps": list(steps), "why": "x"}


# What the server does, and who planned in the end.
CASES: dict[str, tuple[list[Reply], str]] = {
    "valid": ([says(VALID)], "llm"),
    "invalid JSON once": ([says("{'steps': ["), says(VALID)], "llm"),
    "invalid JSON always": ([says("{'steps': [")], "offline"),
    "prose around it": ([says(f"Sure! Here is the plan:\n```json\n{json.dumps(VALID)}\n```\nEnjoy.")], "llm"),
    "unknown tool": ([says(_steps(_step(task="detect_objects")))], "offline"),
    "unknown tool, then valid": ([says(_steps(_step(task="detect_objects"))), says(VALID)], "llm"),
    "invented argument": ([says(_steps(_step(shell="rm -rf /")))], "offline"),
    "invented model": ([says(_steps(_step(task="classify", question="", model="run 99")))], "offline"),
    "forward dependency": ([says(_steps(_step(after=[2]), _step(id=2, task="caption", question="")))], "offline"),
    "circular dependency": ([says(_steps(_step(after=[2]), _step(id=2, task="caption", question="", after=[1])))], "offline"),
    "waits for itself": ([says(_steps(_step(after=[1])))], "offline"),
    "placeholder of nothing": ([says(_steps(_step(question="what colour is the {4}?")))], "offline"),
    "seven steps": ([says(_steps(*[_step(id=n, question=f"{n}?") for n in range(1, 8)]))], "offline"),
    "empty answer": ([says(None)], "offline"),
    "no steps, then valid": ([says(_steps()), says(VALID)], "llm"),
    "no steps always": ([says(_steps())], "offline"),
    "thoughts before it": ([says(f"<think>{{}}</think>{json.dumps(VALID)}")], "llm"),
    "thoughts alone": ([says(f"<think>{json.dumps(VALID)}")], "offline"),
    "cut at the limit": ([says(json.dumps(VALID)[:50], "length")], "offline"),
    "declined": ([says(None, refusal="No.")], "offline"),
    "filtered": ([says(None, "content_filter")], "offline"),
    "filtered with a 400": ([fails(400, "content_filter")], "offline"),
    "400 to the schema": ([fails(400), says(VALID)], "llm"),
    "401": ([fails(401)], "offline"),
    "429 then valid": ([fails(429, Retry_After="0.1"), says(VALID)], "llm"),
    "429 for an hour": ([fails(429, Retry_After="3600")], "offline"),
    "500 then valid": ([fails(500), says(VALID)], "llm"),
    "500 always": ([fails(500)], "offline"),
    "503 twice, then valid": ([fails(503), fails(503), says(VALID)], "llm"),
    "hangs": ([hangs], "offline"),
    "slow stream": ([drips], "offline"),
    "slow headers": ([drips_headers], "offline"),
    "a late byte, then nothing": ([hangs_after_a_late_byte], "offline"),
    "cut stream": ([is_cut], "offline"),
    "hangs up": ([hangs_up], "offline"),
    "a web page": ([lambda handler, asked: handler.send(200, b"<html>proxy</html>")], "offline"),
    "megabytes": ([lambda handler, asked: handler.send(200, b" " * 2_000_000)], "offline"),
    "an answer without end": ([writes_for_ever(200)], "offline"),
    "a refusal without end": ([writes_for_ever(400)], "offline"),
}


class Kept:
    """A book in memory."""

    def __init__(self, spent: float = 0.0) -> None:
        self.calls: list[Call] = []
        self.spent = spent

    def record(self, call: Call) -> None:
        self.calls.append(call)

    def has_allowance(self) -> bool:
        return True

    def spent_today(self) -> float:
        return self.spent


def ask(server: ChatServer, replies: list[Reply], book: Kept | None = None, **config: Any) -> tuple[Planned, float]:
    server.replies = list(replies)
    settings = {"timeout_s": DEADLINE_S, **config}
    planner = make_planner(PlannerConfig(f"{server.url}/v1", "k", "small-model", **settings), book or Kept())
    started = time.monotonic()
    return planner.plan(QUESTION, PHOTO), time.monotonic() - started


@pytest.mark.parametrize("case", CASES)
def test_whatever_the_model_does_there_is_a_plan_in_time(case: str) -> None:
    replies, planner = CASES[case]
    with running_server() as server:
        # What is to succeed has time for it on a machine however busy.
        planned, took = ask(server, replies, timeout_s=LONG_S / 2 if planner == "llm" else DEADLINE_S)
    assert [(step.task, step.question) for step in planned.plan.steps] in (
        [("vqa", "how many dogs?")],
        [("vqa", "how many dogs are there?")],
    )
    assert planned.planner == planner
    assert planned.note or planner == "llm"
    assert took < LONG_S / 2


def test_a_spent_limit_plans_offline_without_asking() -> None:
    with running_server() as server:
        planned, _ = ask(server, [says(VALID)], Kept(spent=5.0), daily_limit=5.0)
        assert server.asked == []
    assert planned.planner == "offline" and "daily budget" in (planned.note or "")


def test_a_model_that_keeps_failing_is_left_alone_for_a_while() -> None:
    book = Kept()
    with running_server() as server:
        for _ in range(6):
            planned, took = ask(server, [fails(401)], book)
        assert len(server.asked) == 4, "the breaker opens after four failures in a row"
    assert "paused" in (planned.note or "") and took < DEADLINE_S


def test_a_plan_without_steps_is_asked_for_again_with_the_reason() -> None:
    with running_server() as server:
        planned, _ = ask(server, [says(_steps())])
        correction = server.asked[1]["messages"][-1]["content"]
    assert "It has no steps, but the message asks for what a task can do, such as vqa." in correction
    assert planned.note == "The planner found nothing to do in this message, but the rules did; planned offline."


def test_a_plan_without_steps_is_right_where_the_rules_have_none_either() -> None:
    with running_server() as server:
        planned = plan_with(server, says(_steps()), question="Hello there!")
        assert len(server.asked) == 1
    assert (planned.planner, planned.note, planned.plan.steps) == ("llm", None, [])


@pytest.mark.parametrize("status", [200, 400])
def test_a_server_that_never_stops_writing_is_left_after_a_bounded_number_of_bytes(status: int) -> None:
    with running_server() as server:
        _, took = ask(server, [writes_for_ever(status)])
        time.sleep(0.3)
        written = server.bytes_written
        time.sleep(0.3)
        assert server.bytes_written == written < 20_000_000, "what the sockets hold besides"
    assert took < DEADLINE_S


def main() -> None:
    for case, (replies, _) in CASES.items():
        with running_server() as server:
            planned, took = ask(server, replies)
            print(f"{case:26} {planned.planner:8} {1000 * took:6.0f} ms  {len(server.asked)} requests  {planned.note or ''}")


if __name__ == "__main__":
    main()
