"""One read of the database for all sockets of a process."""

import asyncio
import time

from webapp.live.shared import Shared


class Slow:
    """Counts how often it was read."""

    def __init__(self) -> None:
        self.reads = 0

    def __call__(self) -> int:
        time.sleep(0.05)
        self.reads += 1
        return self.reads


async def test_many_sockets_cost_one_read() -> None:
    source, opened = Slow(), time.monotonic()
    shared = Shared(source, 60.0)
    await shared.value(opened)
    assert await asyncio.gather(*(shared.value(opened) for _ in range(50))) == [1] * 50


async def test_while_one_socket_reads_again_the_others_use_the_last_value() -> None:
    source, opened = Slow(), time.monotonic()
    shared = Shared(source, 0.0)
    await shared.value(opened)
    assert sorted(await asyncio.gather(*(shared.value(opened) for _ in range(5)))) == [1, 1, 1, 1, 2]


async def test_no_socket_gets_a_value_from_before_it_was_opened() -> None:
    """A new account is missing from an older read."""
    source = Slow()
    shared = Shared(source, 60.0)
    assert await shared.value(time.monotonic()) == 1
    first, second = await asyncio.gather(shared.value(time.monotonic()), shared.value(time.monotonic()))
    assert min(first, second) >= 2
