"""How each call of a planning model ended, what it cost, and which endings pause it."""

import pytest

from tests.planning.chat_server import VALID, Reply, fails, hangs, hangs_up, is_cut, running_server, says, writes_for_ever
from tests.planning.test_misbehaviour import Kept, ask

NO_STEPS = {"steps": [], "why": "x"}


def test_each_request_is_in_the_book_with_its_tokens_and_cost() -> None:
    book = Kept()
    with running_server() as server:
        ask(server, [fails(500), says(VALID)], book, price_in=2.0, price_out=8.0)
    assert [call.outcome for call in book.calls] == ["http 500", "ok"]
    assert (book.calls[1].tokens_in, book.calls[1].tokens_out) == (900, 50)
    assert book.calls[1].cost == pytest.approx((900 * 2 + 50 * 8) / 1e6)


OUTCOMES: dict[str, tuple[list[Reply], list[str]]] = {
    "ok": ([says(VALID)], ["ok"]),
    "repaired": ([says("nonsense"), says(VALID)], ["invalid", "repaired"]),
    "invalid": ([says("nonsense")], ["invalid", "invalid"]),
    "no steps": ([says(NO_STEPS)], ["no steps", "no steps"]),
    "empty": ([says("")], ["empty", "empty"]),
    "truncated": ([says("", "length")], ["truncated"]),
    "refused": ([says(None, refusal="No.")], ["refused"]),
    "refused by a filter": ([fails(400, "content_filter")], ["refused"]),
    "timeout": ([hangs], ["timeout"]),
    "too long": ([writes_for_ever(200)], ["too long"]),
    "broken off": ([is_cut], ["broken off"]),
    "unreachable": ([hangs_up], ["unreachable"]),
    "unreadable": ([lambda handler, asked: handler.send(200, b"<html>proxy</html>")], ["unreadable"]),
    "http 401": ([fails(401)], ["http 401"]),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_every_outcome_is_in_the_book_as_it_is(case: str) -> None:
    replies, outcomes = OUTCOMES[case]
    book = Kept()
    with running_server() as server:
        ask(server, replies, book)
    assert [call.outcome for call in book.calls] == outcomes


@pytest.mark.parametrize("case", sorted(set(OUTCOMES) - {"ok", "repaired", "timeout"}))
def test_every_outcome_but_ok_and_repaired_opens_the_breaker(case: str) -> None:
    replies, outcomes = OUTCOMES[case]
    book = Kept()
    with running_server() as server:
        for _ in range(6):
            planned, _ = ask(server, replies, book)
    assert [call.outcome for call in book.calls] == 4 * outcomes
    assert "paused" in (planned.note or "")


def test_a_repaired_answer_closes_the_breaker_again() -> None:
    book = Kept()
    with running_server() as server:
        for replies in 3 * ([says("nonsense")], [says("nonsense")], [says("nonsense")], [says("nonsense"), says(VALID)]):
            planned, _ = ask(server, replies, book)
    assert planned.planner == "llm" and len(book.calls) == 24


def test_what_a_timeout_cost_is_estimated_from_the_prompt_and_counts_towards_the_limit() -> None:
    book = Kept()
    with running_server() as server:
        ask(server, [hangs], book, price_in=10.0)
        length = sum(len(message["content"].encode()) for message in server.asked[0]["messages"])
    (call,) = book.calls
    assert (call.outcome, call.estimated, call.tokens_out) == ("timeout", True, 0)
    assert call.tokens_in == pytest.approx(length / 4, abs=2) and call.cost == pytest.approx(call.tokens_in * 10 / 1e6)


@pytest.mark.parametrize("count", [None, -1, 10**30, "many", 0.5, [900]])
def test_what_a_server_did_not_count_is_estimated_and_a_refused_call_costs_nothing(count: object) -> None:
    book = Kept()
    with running_server() as server:
        ask(server, [fails(500), says(VALID, tokens_in=count)], book, price_in=1.0, price_out=1.0)
    refused, answered = book.calls
    assert (refused.estimated, refused.tokens_in, refused.cost) == (False, 0, 0.0)
    assert answered.estimated and answered.tokens_in > 100 and answered.tokens_out > 20 and answered.cost > 0
