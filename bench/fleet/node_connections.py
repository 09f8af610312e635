"""The connections to Redis that agents keep open, under their own users: one waits for jobs, the rest are idle."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping

from redis import asyncio as aioredis

PER_NODE = 5  # as CLIENT LIST shows of an agent that answers (tests/scaling)
WAIT_S = 5
AT_ONCE = 20  # nodes that connect at the same time


@contextlib.asynccontextmanager
async def open_connections(port: int, passwords: Mapping[str, str]) -> AsyncIterator[None]:
    """`passwords` by node."""
    gate, waiting = asyncio.Semaphore(AT_ONCE), []
    clients = [
        aioredis.Redis(port=port, username=f"node-{slug}", password=password, single_connection_client=True)
        for slug, password in passwords.items()
        for _ in range(PER_NODE)
    ]

    async def connect(client: aioredis.Redis) -> None:
        async with gate:
            await client.ping()

    await asyncio.gather(*(connect(client) for client in clients))
    for slug, client in zip(passwords, clients[::PER_NODE], strict=True):
        waiting.append(asyncio.create_task(_wait_for_jobs(client, slug)))
    try:
        yield
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await asyncio.gather(*(client.aclose() for client in clients), return_exceptions=True)


async def _wait_for_jobs(client: aioredis.Redis, slug: str) -> None:
    while True:
        await client.brpop([f"{slug}:stages"], timeout=WAIT_S)
