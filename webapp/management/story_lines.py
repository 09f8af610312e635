"""The story of a question or a training run in the terminal: a word for what it is about, then what happened."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from textwrap import shorten
from typing import Any

from inference.answering.turns import StepJson
from inference.formatting import bytes_text, count_text, span_text, time_text
from inference.placement import records
from inference.receipt import CandidateRecord, FailureRecord, JobRecord, Receipt
from webapp.management.receipt_lines import receipt_lines
from webapp.ops.story.notices import NoticeStory
from webapp.ops.story.run import RunStory
from webapp.ops.story.turn import TurnRow, TurnStory

QUESTION_CHARS = 60  # in a list
WIDTH = 9  # of the words on the left


def turn_lines(story: TurnStory) -> Iterator[str]:
    """Nothing in them moves a terminal's cursor: a question may have been typed by anybody."""
    yield from map(_printable, _turn_lines(story))


def run_lines(story: RunStory) -> Iterator[str]:
    yield from map(_printable, _run_lines(story))


def list_lines(rows: Iterable[TurnRow]) -> Iterator[str]:
    for row in rows:
        ms = "" if row["ms"] is None else f" in {time_text(row['ms'])}"
        facts = f"{row['turn']}  {_moment(row['created'])}  {row['by']}  {row['state']}{ms}"
        yield _printable(f"{facts}  {shorten(row['question'], QUESTION_CHARS, placeholder=' …')}")


def _turn_lines(story: TurnStory) -> Iterator[str]:
    yield _line("question", f"{story['turn']}, {story['state']}")
    yield _line("asked", f"{_moment(story['created'])} by {story['by']}: {story['question']}")
    if photo := story["photo"]:
        where = f", placed on {', '.join(photo['placed'])}" if photo["placed"] else ", placed nowhere"
        yield _line("", f"photo {photo['id']}, {photo['width']}×{photo['height']}, {bytes_text(photo['bytes'])}{where}")
    yield _line("", ", ".join(_wishes(story)))
    yield from _waiting(story)
    for call in story["planner_calls"]:
        tokens = f"{'about ' * call['estimated']}{call['tokens_in']:,} + {call['tokens_out']:,} tokens"
        yield _line(
            "model", f"{call['model']} for the {call['purpose']}: {call['outcome']} after {time_text(call['ms'])}, {tokens}"
        )
    if plan := story["plan"]:
        yield _line("plan", f"[{plan['planner']}, {time_text(plan.get('ms', 0.0))}] {plan['why']}")
        if plan.get("note"):
            yield _line("", plan["note"])
    for step in story["steps"]:
        yield from _step_lines(step)
    if story["run"] is not None:
        yield _line("run", f"{story['run']} was drafted; `manage.py logs {story['run']}` has its story")
    if story["answer"]:
        yield _line("answer", story["answer"])
    if error := story["error"]:
        yield _line("error", f"{error['message']} {error['next']} ({error['code']})")
    if story["finished"]:
        yield _line("ended", f"{_moment(story['finished'])}, {_between(story['queued'], story['finished'])} after it was asked")
    yield from _notice_lines(story["notices"])


def _wishes(story: TurnStory) -> Iterator[str]:
    yield f"policy {story['policy']}"
    if story["route"]:
        yield f"route {story['route']} was asked for"
    if story["node"]:
        yield f"device {story['node']} was asked for"
    if story["fresh"]:
        yield "nothing from earlier questions"
    if story["background"]:
        yield "in the background"


def _waiting(story: TurnStory) -> Iterator[str]:
    if story["started"]:
        attempts = "" if story["attempts"] <= 1 else f", attempt {story['attempts']}"
        yield _line("started", f"{_between(story['queued'], story['started'])} after it was asked{attempts}")
    if phase := story["phase"]:
        step = f" of step {phase['step']}" if phase.get("step") else ""
        yield _line("phase", f"{phase['name']}{step} since {_moment(phase['since'])}")


def _step_lines(step: StepJson) -> Iterator[str]:
    question = f": {step['question']}" if step["question"] else ""
    yield _line(f"step {step['id']}", f"{step['task']}{question}, {step['state']}")
    receipt = step["receipt"]
    if receipt is not None:
        yield from (_line("", f"  {line}") for line in _origin_lines(receipt))
        if receipt["actual_ms"]:
            yield from (_line("", f"  {line.strip()}") for line in receipt_lines(receipt))
            yield _line("", f"  answer: {receipt['answer']}")
    if error := step["error"]:
        yield _line("", f"  failed: {error['message']} {error['next']} ({error['code']})")


def _origin_lines(receipt: Receipt) -> Iterator[str]:
    """What the answer comes from: an earlier question, or candidates and the jobs of the chosen one."""
    if cached := receipt.get("cached"):
        yield f"answered before: {_moment(cached['at'])}, step {cached['step']} of question {cached['turn']}"
        return
    yield from _candidate_lines(receipt)
    for failure in receipt["fell_back_from"]:
        yield from _failure_lines(failure)
    yield from _job_lines(receipt.get("jobs", ()))


def _candidate_lines(receipt: Receipt) -> Iterator[str]:
    candidates = receipt["candidates"]
    allowed = sum(candidate["allowed"] for candidate in candidates)
    yield f"{count_text(len(candidates), 'candidate')}, {allowed} allowed by {receipt['policy']}, the fastest first:"
    rank = sorted(candidates, key=lambda row: (not row["allowed"], row["predicted_ms"] is None, row["predicted_ms"] or 0.0))
    yield from map(_candidate_line, rank)


def _candidate_line(row: CandidateRecord) -> str:
    predicted = "no prediction" if row["predicted_ms"] is None else time_text(row["predicted_ms"])
    accuracy = "" if row["accuracy"] is None else f", accuracy {row['accuracy']:.3f}"
    edge = f" at {row['edge']}" if row.get("edge") else ""
    candidate = records.from_record(row)
    why_not = f" — not allowed: {row.get('why_not') or 'by the policy'}" if not row["allowed"] else ""
    return (
        f"{'→' if row['chosen'] else ' '} {candidate.route.describe(candidate)}{edge}: {predicted}, "
        f"{bytes_text(row['uplink_bytes'])}{accuracy}{why_not}"
    )


def _failure_lines(failure: FailureRecord) -> Iterator[str]:
    yield f"fell back from {failure['node']} after {time_text(failure.get('ms', 0.0))}: {failure['why']}"
    if failure.get("bytes"):
        yield f"{bytes_text(failure['bytes'])} were sent in vain"
    yield from _job_lines(failure.get("jobs", ()))


def _job_lines(jobs: Iterable[JobRecord]) -> Iterator[str]:
    yield from (f"job {job['id']}: {job['verb']} at {job['node']}, {time_text(job['ms'])}" for job in jobs)


def _run_lines(story: RunStory) -> Iterator[str]:
    run = story["run"]
    yield _line("run", f"{run['run']}, {run['state']}: {story['title']}")
    yield _line("drafted", f"{_moment(run['created'])} by {story['by']}{_from_question(story)}")
    if run["started"]:
        yield _line("started", _moment(run["started"]))
    if run["phase"]:
        yield _line("phase", run["phase"])
    for row in run["rounds"]:
        yield from _round_lines(row)
    if error := run["error"]:
        yield _line("error", f"{error['message']} {error['next']} ({error['code']})")
    if run["finished"]:
        yield _line("ended", f"{_moment(run['finished'])}, after {span_text(run['seconds'])} of work")
    yield from _notice_lines(story["notices"])


def _from_question(story: RunStory) -> str:
    return f", from the question {story['turn']}" if story["turn"] else ""


def _round_lines(row: dict[str, Any]) -> Iterator[str]:
    accuracy = "" if row["accuracy"] is None else f", accuracy {row['accuracy']:.3f}"
    parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in row["seconds"].items())
    counted = "" if row["counted"] else ", did not count"
    traffic = f"{bytes_text(row['bytes_up'])} up, {bytes_text(row['bytes_down'])} down"
    yield _line(f"round {row['round']}", f"{_moment(row['finished'])}: {parts}; {traffic}{accuracy}{counted}")
    for client in row["clients"]:
        if client["state"] != "ok":
            yield _line(
                "", f"  client {client['partition']} at {client['node'] or 'no node'}: {client['state']}. {client['reason']}"
            )


def _notice_lines(notices: Iterable[NoticeStory]) -> Iterator[str]:
    for notice in notices:
        sent = [f"{row['channel']} {row['state']}{': ' * bool(row['outcome'])}{row['outcome']}" for row in notice["deliveries"]]
        yield _line("notice", f"{_moment(notice['at'])} {notice['title']} ({'; '.join(sent) or 'delivered to nobody'})")


def _line(word: str, text: str) -> str:
    return f"{word:{WIDTH}}{text}".rstrip()


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _moment(iso: str) -> str:
    return f"{datetime.fromisoformat(iso):%Y-%m-%d %H:%M:%S} UTC"


def _between(first: str, last: str) -> str:
    return span_text((datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds())
