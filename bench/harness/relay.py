"""Forwards ports of ADDRESS to this machine's loopback, for a network namespace. Runs as a separate process."""

import asyncio
import sys
from functools import partial

READY = "ready"


def command(address: str, *ports: int) -> list[str]:
    """The command line of the relay; it prints READY once it listens."""
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
    await asyncio.gather(_copy(reader, back), _copy(there, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # one side has disconnected; closing disconnects the other
    finally:
        writer.close()
