"""Lets a network namespace reach this machine's loopback: a process of its own, which listens at ADDRESS on each port."""

import asyncio
import sys
from functools import partial

READY = "ready"


def command(address: str, *ports: int) -> list[str]:
    """What starts it; it prints READY once it listens."""
    return [sys.executable, "-c", "from bench.harness import relay; relay.run()", address, *map(str, ports)]


def run() -> None:
    asyncio.run(_serve(sys.argv[1], [int(port) for port in sys.argv[2:]]))


async def _serve(address: str, ports: list[int]) -> None:
    servers = [await asyncio.start_server(partial(_connected, port), address, port) for port in ports]
    print(READY, flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


async def _connected(port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        there, back = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(_carry(reader, back), _carry(there, writer))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # one side has gone; the other is told by closing
    finally:
        writer.close()
