"""Threads that call several nodes share kombu's pools; their limit is one for the process."""

import threading
from typing import Any

from kombu import pools

from devices import producer
from webapp.celery import app as cloud


def test_all_apps_of_this_process_agree_on_the_limit(redis_url: str) -> None:
    assert {producer.producer("jetson-a").conf.broker_pool_limit, cloud.conf.broker_pool_limit} == {producer.POOL_LIMIT}
    assert pools.get_limit() == producer.POOL_LIMIT


def call_many_nodes(rounds: int = 60) -> list[BaseException]:
    """What goes wrong when threads send to nodes and to the cloud at once."""
    errors: list[BaseException] = []
    start = threading.Barrier(6)

    def work(number: int) -> None:
        try:
            start.wait()
            for n in range(rounds):
                app = cloud if n % 2 else producer.producer(f"race-{number}-{n % 5}")
                with app.producer_or_acquire() as channel:
                    assert channel.connection is not None
        except (RuntimeError, OSError) as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_threads_that_call_many_nodes_do_not_shrink_a_pool_in_use(store: Any) -> None:
    assert call_many_nodes() == []
