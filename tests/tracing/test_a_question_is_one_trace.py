"""A question through the whole stack, as a collector sees it: one tree, from the browser's request to the answer."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from tests.conftest import draw_photo
from tests.tracing.collector import CollectedSpan, Collector, drawn

pytestmark = pytest.mark.slow
QUESTION = "What is in this photo?"
SLACK_MS = 0.01  # of nanoseconds that a float cannot hold
PARTS = ["wait for a worker", "answer question", "learn from the answer"]


def trace_of(collector: Collector, turn: str, *names: str) -> CollectedSpan:
    """The one tree of a question, once all of it has been exported, with these spans too."""
    id = turn.replace("-", "")

    def is_whole() -> bool:
        arrived = Counter(span.name for span in collector.received if span.trace == id)
        return Counter(["learn from the answer", *names]) <= arrived and len(collector.trace(id)) == 1

    wait_for(is_whole, 30, f"the trace of {turn} was not exported")
    (root,) = collector.trace(id)
    return root


@pytest.fixture(scope="module")
def turn(stack: Stack) -> dict[str, Any]:
    """A photo that no device has computed anything of, and a forced split."""
    asked = stack.put(QUESTION, photo=stack.upload(draw_photo(41, (640, 480))), route="split", node="jetson-b")
    finished = stack.finished(asked["id"])
    assert finished["state"] == "answered", finished["error"]
    return finished


@pytest.fixture(scope="module")
def root(collector: Collector, turn: dict[str, Any]) -> CollectedSpan:
    tree = trace_of(collector, turn["id"], "POST /api/v1/turns")
    print("\n".join(drawn(tree)))
    return tree


def test_the_first_span_is_the_browsers_request(root: CollectedSpan) -> None:
    assert (root.name, root.kind, root.service, root.parent) == ("POST /api/v1/turns", "server", "isthmus-web", "")
    assert root.attributes["http.response.status_code"] == 202


def step_of(root: CollectedSpan) -> CollectedSpan:
    (step,) = [span for span in root.below() if span.name.startswith("step 1 ")]
    return step


def test_beneath_it_are_waiting_answering_and_learning(root: CollectedSpan) -> None:
    assert [child.name for child in root.children] == PARTS
    assert {child.service for child in root.children} == {"isthmus-worker"}


def test_an_answer_is_a_plan_a_step_and_words(root: CollectedSpan) -> None:
    answering = root.one("answer question")
    assert [child.name for child in answering.children] == ["plan", step_of(root).name, "compose answer"]
    assert answering.one("plan").attributes["isthmus.planner"] == "offline"


def test_a_split_step_has_a_job_on_each_node_with_what_it_measured(root: CollectedSpan, turn: dict[str, Any]) -> None:
    step, (receipt,) = step_of(root), [row["receipt"] for row in turn["steps"]]
    names = [child.name for child in step.children if child.name != "probe jetson-b"]
    assert names[-3:] == ["choose route", "run_head jetson-b", "run_tail edge-1"]
    head, tail = step.one("run_head jetson-b"), step.one("run_tail edge-1")
    assert head.kind == tail.kind == "client"
    assert {child.name for child in head.children} >= {"device compute", "uplink transfer"}
    assert "edge compute" in {child.name for child in tail.children}
    assert head.one("uplink transfer").attributes["isthmus.bytes"] == receipt["bytes"]["uplink"]
    choice = step.one("choose route").attributes
    assert (choice["isthmus.route"], choice["isthmus.split_at"]) == ("split", receipt["split_at"])
    assert choice["isthmus.candidates"] == len(receipt["candidates"])


def test_spans_of_a_node_say_whose_clock_they_have(root: CollectedSpan) -> None:
    of_nodes = [span for job in root.below() if job.kind == "client" for span in job.children]
    assert of_nodes
    assert {(span.attributes["isthmus.duration_from"], span.attributes["isthmus.position_from"]) for span in of_nodes} == {
        ("node", "server")
    }


def test_jobs_have_the_ids_that_the_receipt_has(root: CollectedSpan, turn: dict[str, Any]) -> None:
    jobs = {span.attributes["isthmus.job"]: span for span in root.below() if "isthmus.job" in span.attributes}
    (receipt,) = [row["receipt"] for row in turn["steps"]]
    assert [jobs[job["id"]].name for job in receipt["jobs"]] == ["run_head jetson-b", "run_tail edge-1"]
    assert all(jobs[job["id"]].ms == pytest.approx(job["ms"], abs=20) for job in receipt["jobs"])


def test_times_are_nested_and_do_not_overlap(root: CollectedSpan) -> None:
    for span in root.below():
        if span is not root:  # a browser gets its response at once, and the question goes on
            assert all(span.start - SLACK_MS <= child.start and child.end <= span.end + SLACK_MS for child in span.children)
        for before, after in zip(span.children, span.children[1:], strict=False):
            assert before.end <= after.start + SLACK_MS, f"{before.name} overlaps {after.name}"


def test_times_add_up_to_what_the_receipt_says(root: CollectedSpan, turn: dict[str, Any]) -> None:
    (receipt,) = [row["receipt"] for row in turn["steps"]]
    actual, step = receipt["actual_ms"], step_of(root)
    head, tail = step.one("run_head jetson-b"), step.one("run_tail edge-1")
    assert head.one("device compute").ms == pytest.approx(actual["device"], abs=0.1)
    assert head.one("uplink transfer").ms == pytest.approx(actual["uplink"], abs=0.1)
    assert tail.one("edge compute").ms == pytest.approx(actual["edge"], abs=0.1)
    queues = sum(span.ms for job in (head, tail) for span in job.below() if span.name.endswith(" queue"))
    assert queues == pytest.approx(actual["queue"], abs=0.1)
    between = actual["total"] - head.ms - tail.ms  # handing the features over, and storing the phases
    assert 0 <= between < actual["overhead"] + 0.1


def test_the_story_from_the_database_has_the_same_jobs(stack: Stack, root: CollectedSpan, turn: dict[str, Any]) -> None:
    done = stack.manage("logs", root.trace)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    for span in root.below():
        if span.name in ("run_head jetson-b", "run_tail edge-1"):
            assert f"job {span.attributes['isthmus.job']}: {span.name.replace(' ', ' at ')}" in done.stdout
    assert turn["answer"] in done.stdout and QUESTION in done.stdout


def test_neither_question_nor_answer_is_in_a_trace(root: CollectedSpan, turn: dict[str, Any]) -> None:
    written = " ".join(f"{span.name} {span.attributes}" for span in root.below())
    assert QUESTION not in written and turn["answer"] not in written


def test_a_question_from_the_shell_is_a_trace_too(stack: Stack, collector: Collector, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(draw_photo(42))
    before = {span.trace for span in collector.received}
    status, _, stderr = stack.ask(tmp_path / "photo.jpg", QUESTION, "--route", "device")
    assert status == 0, stderr
    ids = {span.trace for span in collector.received if span.name == "manage.py ask"} - before
    (id,) = ids
    root = trace_of(collector, id)
    assert (root.name, root.service) == ("manage.py ask", "isthmus-command")
    answering = root.one("answer question")
    # The command reads the answer as soon as it is stored; the worker then tells the pages.
    assert root.start <= answering.start and answering.end <= root.end + 1000


def test_a_question_that_is_asked_again_stays_one_trace(stack: Stack, collector: Collector) -> None:
    asked = stack.put(QUESTION, photo=stack.upload(draw_photo(43)), route="device")
    stack.finished(asked["id"])
    assert stack.owner.post(f"/api/v1/turns/{asked['id']}/retry").status_code in (200, 202)
    stack.finished(asked["id"])
    retry = "POST /api/v1/turns/{id}/retry"
    root = trace_of(collector, asked["id"], "POST /api/v1/turns", retry, "learn from the answer")
    assert [child.name for child in root.children] == [*PARTS, retry, *PARTS]


def test_the_collector_gets_the_headers_that_were_set(collector: Collector, root: CollectedSpan) -> None:
    assert {headers["x-key"] for headers in collector.headers} == {"of-the-collector"}


def test_a_collector_that_is_away_stops_no_question(stack: Stack, collector: Collector) -> None:
    with collector.away():
        refused = collector.refused
        asked = stack.put(QUESTION, photo=stack.upload(draw_photo(44)), route="device")
        assert stack.finished(asked["id"])["state"] == "answered"
        wait_for(lambda: collector.refused > refused, 20, "nothing was sent meanwhile")
