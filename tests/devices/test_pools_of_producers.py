"""Threads that call several nodes share kombu's pools, whose limit is one for the process; what waits for calls is bounded.

Kombu keeps one pool for each broker, and a `Producers` closes it: these tests call nodes that no other test calls.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kombu import pools

from bench.harness.processes import wait_for
from devices import dispatch, producer
from devices.producer import Producers
from tests.devices.conftest import Board
from tests.devices.echo_worker import Echo, working
from webapp.celery import app as cloud


def test_all_apps_of_this_process_agree_on_the_limit(redis_url: str) -> None:
    with producer.producers.borrow("jetson-a") as app:
        assert {app.conf.broker_pool_limit, cloud.conf.broker_pool_limit} == {producer.POOL_LIMIT}
    assert pools.get_limit() == producer.POOL_LIMIT


def test_a_first_call_to_a_node_leaves_the_pool_alone_that_a_question_is_using(store: Any) -> None:
    """An app with another limit would resize all pools, which fails for one in use: Can't shrink pool when in use."""
    with cloud.producer_or_acquire() as in_use:
        assert in_use.connection is not None
        with producer.producers.borrow("jetson-never-called") as app, app.producer_or_acquire() as first:
            assert first.connection is not None


def test_a_producer_is_used_by_one_caller_at_a_time_and_then_again(redis_url: str) -> None:
    own = Producers()
    with own.borrow("jetson-pools") as first, own.borrow("jetson-pools") as second:
        assert first is not second
    with own.borrow("jetson-pools") as again:
        assert again in (first, second)
    assert len(own) == 2


def test_one_that_failed_is_not_used_again(redis_url: str) -> None:
    own = Producers()
    try:
        with own.borrow("jetson-pools") as first:
            raise OSError("the connection was lost")
    except OSError:
        assert len(own) == 0
    with own.borrow("jetson-pools") as second:
        assert second is not first


def test_hundreds_of_nodes_do_not_become_hundreds_of_connections(store: Any) -> None:
    own, before = Producers(most_idle=8), len(store.client_list())
    for number in range(100):
        with own.borrow(f"jetson-pools-{number}") as app:
            job = Echo(word="nobody reads this")
            pending = producer.send(app, f"jetson-pools-{number}", str(number), job, 5, "")
            pending.forget()
    assert len(own) == 8
    wait_for(lambda: len(store.client_list()) - before <= 8 * 4 + 1, 5, "connections of closed producers stay open")


def test_a_node_answers_after_its_producer_was_closed(
    board: Callable[..., Board], tmp_path: Path, store: Any, monkeypatch: Any
) -> None:
    own = Producers(most_idle=0)
    monkeypatch.setattr(dispatch, "producers", own)
    with working(board("jetson-pools"), tmp_path, Echo.queue):
        assert [dispatch.call("jetson-pools", Echo(word=word), 10).echo for word in ("one", "two")] == ["one", "two"]
        assert len(own) == 0
