"""Spans nest by the code that they are around, and are nobody's business without a collector."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from webapp.live import spans
from webapp.live.errors import UserError
from webapp.live.spans import Span

TRACE = "0af7651916cd43dd8448eb211c80319c"


def names(collected: list[Span], parent: str | None) -> list[str]:
    return [span.name for span in collected if span.parent == parent]


def test_without_a_collector_nothing_is_recorded_and_the_code_runs() -> None:
    with spans.within(TRACE), spans.span("work", {"a": 1}) as span:
        span.attributes["b"] = 2
        spans.past("before", 1, 2)
    assert (span.trace, span.id, span.ended_ns) == ("", "", 0)


def test_outside_of_a_trace_nothing_is_recorded(collected: list[Span]) -> None:
    with spans.span("work"):
        spans.past("before", 1, 2)
    assert not collected and spans.traceparent() == ""


def test_spans_nest_as_their_blocks_do(collected: list[Span]) -> None:
    with spans.within(TRACE):
        with spans.span("outer") as outer, spans.span("inner"):
            pass
        with spans.span("next"):
            pass
    assert {span.trace for span in collected} == {TRACE}
    assert names(collected, spans.first_span(TRACE)) == ["outer", "next"] and names(collected, outer.id) == ["inner"]
    inner = next(span for span in collected if span.name == "inner")
    assert outer.started_ns <= inner.started_ns <= inner.ended_ns <= outer.ended_ns


def test_a_thread_with_a_copy_of_the_context_is_beneath_too(collected: list[Span]) -> None:
    def work() -> None:
        with spans.span("in a thread"):
            pass

    with spans.within(TRACE), spans.span("outer") as outer, ThreadPoolExecutor(1) as pool:
        pool.submit(copy_context().run, work).result()
    assert names(collected, outer.id) == ["in a thread"]


@pytest.mark.parametrize(("error", "kind"), [(ValueError("what is my password?"), "ValueError"), (
    UserError("no_edge", "There is none.", "Start one."), "no_edge",
)])  # fmt: skip
def test_a_failure_is_named_and_never_quoted(error: Exception, kind: str, collected: list[Span]) -> None:
    with pytest.raises(type(error)), spans.within(TRACE), spans.span("work"):
        raise error
    (span,) = collected
    assert span.error == kind and "password" not in str(span)


def test_the_place_in_a_trace_is_a_header_of_w3c_trace_context(collected: list[Span]) -> None:
    with spans.within(TRACE), spans.span("work") as span:
        assert spans.traceparent() == f"00-{TRACE}-{span.id}-01"
    assert re.fullmatch("[0-9a-f]{16}", span.id)


def test_without_a_collector_the_header_says_that_nothing_is_recorded() -> None:
    with spans.within(TRACE):
        assert spans.traceparent() == f"00-{TRACE}-{spans.first_span(TRACE)}-00"


def test_a_request_in_which_a_trace_begins_is_its_first_span(collected: list[Span]) -> None:
    with spans.entrance("POST /questions") as request:
        spans.begins(TRACE, "question")
        request.attributes["status"] = 202
    (span,) = collected
    assert (span.name, span.trace, span.id, span.parent) == ("POST /questions", TRACE, spans.first_span(TRACE), None)
    assert span.attributes == {"status": 202}


def test_a_request_in_which_no_trace_begins_is_not_recorded(collected: list[Span]) -> None:
    with spans.entrance("GET /"):
        pass
    assert not collected


def test_without_a_request_the_moment_is_the_first_span(collected: list[Span]) -> None:
    spans.begins(TRACE, "question")
    (span,) = collected
    assert (span.name, span.id, span.parent, span.ended_ns - span.started_ns) == ("question", spans.first_span(TRACE), None, 0)


def test_what_is_tried_again_is_beneath_the_first_request(collected: list[Span]) -> None:
    for again in (False, True):
        with spans.entrance("POST /retry" if again else "POST /questions"):
            spans.begins(TRACE, "question", again)
    first, second = collected
    assert second.parent == first.id and second.id != first.id
