"""Requests are answered in threads that are used again, each by one request at a time."""

import asyncio
import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from bench.harness.processes import wait_for
from webapp.gate.threads import Threads


async def name_of_thread(threads: Threads) -> list[str]:
    """Of two calls inside one request."""
    async with threads.one():
        return [await sync_to_async(lambda: threading.current_thread().name)() for _ in range(2)]


async def idle(threads: Threads, count: int) -> None:
    await asyncio.to_thread(wait_for, lambda: len(threads) == count, 10, "no thread came back", 0.005)


async def test_one_request_after_the_other_has_the_same_thread() -> None:
    threads, names = Threads(), list[str]()
    for _ in range(5):
        names += await name_of_thread(threads)
        await idle(threads, 1)
    assert len(set(names)) == 1


async def test_requests_at_once_have_threads_of_their_own_and_few_of_those_stay() -> None:
    threads, together = Threads(most_idle=2), threading.Barrier(6)

    async def request() -> int | None:
        async with threads.one():
            await sync_to_async(together.wait)(10)
            return await sync_to_async(lambda: threading.current_thread().ident)()

    assert len(set(await asyncio.gather(*(request() for _ in range(6))))) == 6
    await idle(threads, 2)


async def test_a_thread_that_still_runs_code_of_a_request_that_is_gone_is_not_used() -> None:
    threads, ends = Threads(), threading.Event()

    async def request() -> None:
        async with threads.one():
            await sync_to_async(ends.wait)(30)

    task = asyncio.create_task(request())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10):  # not behind the other
        await name_of_thread(threads)
    await idle(threads, 1)
    ends.set()
    await idle(threads, 2)


async def test_a_request_that_fails_gives_its_thread_back() -> None:
    threads = Threads()

    def fail() -> Any:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        async with threads.one():
            await sync_to_async(fail)()
    await idle(threads, 1)
