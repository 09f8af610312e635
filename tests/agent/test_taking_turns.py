"""A node serves people in turn: what waits there does not start in the order in which it came."""

import queue
import threading
import time
from contextlib import ExitStack

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker

from devices.agent import jobs
from devices.agent.sharing.fair_lock import FairLock, PersonalLocks
from devices.contract.protocol import BACKGROUND, PERSON_HEADER

SHORT_S = 5.0


def _order_of(lock: FairLock, people: list[str]) -> list[str]:
    """Who computes when, where the first of them is computing while the others arrive one by one."""
    served: list[str] = []

    def work(person: str) -> None:
        with lock.of(person):
            served.append(person)

    with lock.of(people[0]):
        served.append(people[0])
        waiting = []
        for person in people[1:]:
            waiting.append(threading.Thread(target=work, args=(person,)))
            waiting[-1].start()
            time.sleep(0.02)
    for thread in waiting:
        thread.join(SHORT_S)
    return served


def test_a_job_of_another_person_waits_for_one_job_only() -> None:
    assert _order_of(FairLock(), ["a", "a", "a", "a", "b"]) == ["a", "b", "a", "a", "a"]


def test_people_alternate() -> None:
    assert _order_of(FairLock(), ["a", "a", "a", "b", "b", "c"]) == ["a", "b", "c", "a", "b", "a"]


def test_jobs_that_nobody_waits_for_come_after_all_others() -> None:
    behind, other = f"{BACKGROUND}a", f"{BACKGROUND}b"
    order = _order_of(FairLock(), [behind, behind, behind, other, "a", "b", "a"])
    assert order == [behind, "a", "b", "a", other, behind, behind]


def test_a_job_that_fails_passes_the_turn_on() -> None:
    lock = FairLock()
    with pytest.raises(RuntimeError), lock.of("a"):
        raise RuntimeError
    assert _order_of(lock, ["b"]) == ["b"]


def test_transfers_of_one_person_follow_each_other_and_those_of_two_do_not() -> None:
    locks, blocked = PersonalLocks(), threading.Event()
    with ExitStack() as both:
        both.enter_context(locks.of("a"))
        both.enter_context(locks.of("b"))

        def again() -> None:
            with locks.of("a"):
                blocked.set()

        thread = threading.Thread(target=again)
        thread.start()
        assert not blocked.wait(0.1)
    thread.join(SHORT_S)
    assert blocked.is_set() and not locks._locks, "nothing is left of people who are gone"


def test_a_job_knows_for_whom_it_is_done(redis_url: str) -> None:
    app = Celery("node", broker=redis_url, set_as_current=False, fixups=[])
    app.conf.update(task_default_queue="turns", worker_enable_remote_control=False, task_ignore_result=True)
    seen: queue.Queue[str] = queue.Queue()

    @app.task
    def work() -> None:
        seen.put(jobs.person())

    with start_worker(app, pool="threads", perform_ping_check=False):
        for headers in ({PERSON_HEADER: "4f2a"}, {}):
            app.send_task(work.name, headers=headers)
        assert {seen.get(timeout=SHORT_S), seen.get(timeout=SHORT_S)} == {"4f2a", ""}
