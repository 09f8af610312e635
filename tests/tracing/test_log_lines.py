"""Lines for programs: JSON, with what each is about, and without what people wrote."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from devices.contract import log_lines
from devices.contract.log_lines import JsonLines
from tests.conftest import draw_photo

ROOT = Path(__file__).resolve().parents[2]
QUESTION = "What is in this unmistakable photo?"
NODE = "import logging; from devices.contract import log_lines; log_lines.configure(node='jetson-a'); logging.info('ready')"


def line(message: str, *values: object, error: BaseException | None = None, **facts: str) -> dict[str, Any]:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("some.logger", logging.WARNING, "file.py", 1, message, values, info)
    return dict(json.loads(JsonLines(**facts).format(record)))


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def test_a_line_has_time_level_logger_and_message() -> None:
    written = line("could not renew %s", "a key")
    assert (written["level"], written["logger"], written["message"]) == ("warning", "some.logger", "could not renew a key")
    assert written["time"].endswith("+00:00") and len(written) == 4


def test_a_line_has_what_the_code_around_it_is_about() -> None:
    with log_lines.about(turn="t1", job=""), log_lines.about(job="j1", node="jetson-a"):
        written = line("x", node="of the process")
        assert (written["turn"], written["job"], written["node"]) == ("t1", "j1", "jetson-a")
    assert line("x", node="of the process")["node"] == "of the process" and "turn" not in line("x")


def test_a_message_of_several_lines_is_one_line() -> None:
    record = logging.LogRecord("x", logging.INFO, "file.py", 1, "one\ntwo\x1b[2J", (), None)
    assert len(JsonLines().format(record).splitlines()) == 1 and "\x1b" not in JsonLines().format(record)


def test_an_exception_is_named_with_its_place_and_never_quoted() -> None:
    written = line("failed", error=raised(KeyError("my password"), raised(ValueError("what is my password?"))))
    assert written["error"] == "KeyError" and "ValueError led to KeyError" in written["stack"]
    assert any(" raised" in place for place in written["stack"]) and "password" not in json.dumps(written)


@pytest.mark.parametrize(("form", "is_json"), [("json", True), ("text", False), ("", False), ("jsn", False)])
def test_a_node_writes_as_the_environment_says(form: str, is_json: bool) -> None:
    env = {**os.environ, "ISTHMUS_LOG_FORMAT": form}
    done = subprocess.run([sys.executable, "-c", NODE], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    if is_json:
        assert json.loads(done.stdout)["message"] == "ready" and json.loads(done.stdout)["node"] == "jetson-a"
    else:
        assert done.stdout == "I root: ready\n"


@pytest.mark.slow
def test_a_question_can_be_followed_through_all_processes(stack: Stack) -> None:
    asked = stack.put(QUESTION, photo=stack.upload(draw_photo(51)), route="split", node="jetson-b")
    turn = stack.finished(asked["id"])
    (receipt,) = [step["receipt"] for step in turn["steps"]]

    def lines() -> list[dict[str, Any]]:
        return [
            found
            for text in stack.output().splitlines()
            if text.startswith("{") and (found := json.loads(text)).get("turn") == asked["id"]
        ]

    wait_for(lambda: {found["logger"] for found in lines()} >= {log_lines.EACH_JOB, log_lines.EACH_QUESTION}, 10, "no lines")
    of_jobs = {found["job"]: found for found in lines() if found["logger"] == log_lines.EACH_JOB}
    for job in receipt["jobs"]:
        assert of_jobs[job["id"]]["node"] == job["node"] and of_jobs[job["id"]]["message"].startswith(f"{job['verb']} done")
    (ended,) = [found for found in lines() if found["logger"] == log_lines.EACH_QUESTION]
    assert ended["message"].startswith("answered after ")
    assert QUESTION not in stack.output() and turn["answer"] not in stack.output()


@pytest.mark.slow
def test_what_the_processes_of_the_stack_write_is_json(stack: Stack) -> None:
    """The supervisor and Redis write for people; all that has a logger is for programs."""
    written = [text for text in stack.output().splitlines() if text.startswith("{")]
    assert written and all({"time", "level", "logger", "message"} <= set(json.loads(text)) for text in written)
    assert not [text for text in stack.output().splitlines() if text.startswith(("I ", "W ", "E ", "D "))]
    loggers = {json.loads(text)["logger"] for text in written}
    assert "uvicorn.access" not in loggers, "addresses of requests are in the log"
