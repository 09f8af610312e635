"""The whole agent where only its core is installed: it joins, reports what it senses and what it cannot do, and stops."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.agent.light_board import LIGHT_BOARD
from tests.agent.test_a_part_that_is_absent import NEEDS_AN_ENGINE, NEEDS_FLOWER

ROOT = Path(__file__).resolve().parents[2]
AGENT = f"{LIGHT_BOARD}\nfrom devices.agent.__main__ import main\nsys.exit(main(sys.argv[1:]))"
START_S = 60.0
NOBODY = {"scheme": "redis", "host": "127.0.0.1", "port": 9, "db": 0}  # heartbeats go over HTTP, Redis or not
ANSWERS: dict[str, dict[str, Any]] = {
    "/api/v1/nodes/join": {"slug": "light", "tier": "device", "token": "t"},
    "/api/v1/nodes/me/credentials": {
        "redis": {**NOBODY, "username": "u", "password": "p"}, "profile": "compact", "simulated": None,
    },
    "/api/v1/nodes/me/heartbeat": {"state": "online", "next_s": 0.5},
}  # fmt: skip


@pytest.fixture
def server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Its address, and the heartbeats that it received."""
    reports: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply()

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("heartbeat"):
                reports.append(body)
            self.reply()

        def reply(self) -> None:
            data = json.dumps(ANSWERS[self.path]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}", reports
        http.shutdown()


def test_it_joins_reports_and_stops(server: tuple[str, list[dict[str, Any]]], tmp_path: Path) -> None:
    address, reports = server
    words = ["run", "--home", str(tmp_path / "home"), "--server", address, "--code", "ABCDEFGH"]
    environment = {name: value for name, value in os.environ.items() if name != "ISTHMUS_TRAINING_LANE"}
    command = [sys.executable, "-c", AGENT, *words]
    agent = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + START_S
        while not any(report["obstacles"].get("stages") for report in reports) and time.monotonic() < end:
            assert agent.poll() is None
            time.sleep(0.1)
        assert reports[-1]["obstacles"] == {"stages": NEEDS_AN_ENGINE, "train": NEEDS_FLOWER}
        assert reports[-1]["lanes"] == {"stages": False, "train": False}
        assert reports[0]["profile"] is None and reports[-1]["sample"]
    finally:
        agent.send_signal(signal.SIGTERM)
        output, _ = agent.communicate(timeout=20)
    assert agent.returncode == 0, output
    assert f"light answers no questions: {NEEDS_AN_ENGINE}" in output and "Traceback" not in output
