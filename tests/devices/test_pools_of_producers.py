"""Threads that call several nodes share kombu's pools; their limit is one for the process."""

from typing import Any

from kombu import pools

from devices import producer
from webapp.celery import app as cloud


def test_all_apps_of_this_process_agree_on_the_limit(redis_url: str) -> None:
    assert {producer.producer("jetson-a").conf.broker_pool_limit, cloud.conf.broker_pool_limit} == {producer.POOL_LIMIT}
    assert pools.get_limit() == producer.POOL_LIMIT


def test_a_first_call_to_a_node_leaves_the_pool_alone_that_a_question_is_using(store: Any) -> None:
    """An app with another limit would resize all pools, which fails for one in use: Can't shrink pool when in use."""
    with cloud.producer_or_acquire() as in_use:
        assert in_use.connection is not None
        with producer.producer("jetson-never-called").producer_or_acquire() as first:
            assert first.connection is not None
