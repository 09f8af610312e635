"""The web process as `make run` starts it, against a stranger on the same network."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from bench.harness.processes import free_port, wait_for
from tests.gate.conftest import answer_of, connected, post, sent_until_refused, status_of
from webapp.gate.connections import REFUSED_AT_ONCE
from webapp.ops import serving

ROOT = Path(__file__).resolve().parents[2]
MB = 1024 * 1024
CONNECTIONS, IDLE_S = 100, 3


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[tuple[int, int]]:
    """Its port and process."""
    var, port = tmp_path_factory.mktemp("web"), free_port()
    env = {
        **os.environ,
        "ISTHMUS_VAR": str(var),
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "ISTHMUS_CONNECTIONS": str(CONNECTIONS),
        "ISTHMUS_PEER_CONNECTIONS": str(CONNECTIONS),
        "ISTHMUS_IDLE_S": str(IDLE_S),
        "LOG_LEVEL": "ERROR",
    }
    shutil.copy(migrated, var / "isthmus.sqlite3")
    with subprocess.Popen(serving.command(sys.executable, "127.0.0.1", port), cwd=ROOT, env=env) as server:
        try:
            wait_for(lambda: _answers(port), 60, "the web process did not start")
            yield port, server.pid
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/livez").status_code == 200
    except httpx.TransportError:
        return False


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def sockets(pid: int) -> int:
    count = 0
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            count += str(entry.readlink()).startswith("socket:")
        except OSError:
            continue  # closed meanwhile
    return count


@pytest.mark.slow
def test_five_posts_of_100_mb_to_the_login_page_take_no_memory(web: tuple[int, int]) -> None:
    port, pid = web
    before = resident(pid)
    with ExitStack() as open_ones:
        connections = [open_ones.enter_context(connected(port)) for _ in range(5)]
        for connection in connections:
            connection.sendall(post("/login/", f"Content-Length: {100 * MB}"))
        sent = [sent_until_refused(connection, 100 * MB, chunked=False) for connection in connections]
    grown = resident(pid) - before
    print(f"grown by {grown / MB:.1f} MB, of {sum(sent) / MB:.1f} MB that the kernels took")
    assert grown < 16 * MB


@pytest.mark.slow
def test_600_idle_connections_are_bounded_and_closed(web: tuple[int, int]) -> None:
    port, pid = web
    before, most = sockets(pid), 0
    with ExitStack() as open_ones:
        for number in range(600):
            open_ones.enter_context(connected(port))
            if number % 50 == 0:
                most = max(most, sockets(pid) - before)
        wait_for(lambda: sockets(pid) - before <= CONNECTIONS, 20, "more than configured are held")
        print(f"at most {most} were open, of which {REFUSED_AT_ONCE} for a refusal")
        assert most <= CONNECTIONS + REFUSED_AT_ONCE + 5
        wait_for(lambda: sockets(pid) <= before, IDLE_S + 30, "idle connections stayed open")
    assert _answers(port)


@pytest.mark.slow
def test_a_websocket_of_a_stranger_is_closed_and_its_place_is_free(web: tuple[int, int]) -> None:
    port, _ = web
    upgrade = (
        "GET /ws/devices/ HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with connected(port) as connection:
        connection.sendall(upgrade.encode())
        assert status_of(answer_of(connection)) in (101, 403)
