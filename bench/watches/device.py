"""An agent of its own that reaches the web app through a proxy, and what it has used."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.harness.processes import wait_for
from bench.harness.stack import ROOT, Stack
from bench.watches.counting_proxy import CountingProxy

TICKS = os.sysconf("SC_CLK_TCK")
HEARTBEAT = "/api/v1/nodes/me/heartbeat"
SLUG, CAMERA = "watcher", "yard"
READY_S = 300.0


@dataclass
class Device:
    pid: int
    proxy: CountingProxy
    home: Path

    def used(self) -> "Counter[str]":
        """Bytes of heartbeats and of all else that it has sent, and ticks of processor time."""
        sent = Counter(self.proxy.sent)
        beats = sent.pop(HEARTBEAT, 0)
        user, system = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return Counter(beats=beats, other=sum(sent.values()), ticks=int(user) + int(system))


@contextmanager
def joined(stack: Stack, proxy: CountingProxy, folder: Path, shots: Path) -> Iterator[Device]:
    """Approved, with its models loaded."""
    code = stack.owner.post("/api/v1/nodes/codes", json={"name": SLUG, "tier": "device"}).raise_for_status().json()["code"]
    command = [sys.executable, "-m", "devices.agent", "run", "--home", str(folder / "home"), "--server", proxy.url]
    command += ["--code", code, "--camera", f"{CAMERA}=folder:{shots}"]
    with (folder / "agent.log").open("wb") as log:
        agent = subprocess.Popen(command, cwd=ROOT, env=stack.env, stdout=log, stderr=log)
    try:
        wait_for(lambda: bool(_node(stack)), READY_S, "the agent did not join")
        stack.owner.post(f"/api/v1/nodes/{SLUG}/approve").raise_for_status()
        wait_for(lambda: _node(stack).get("profile") is not None, READY_S, "the agent's models were not loaded", every=1.0)
        yield Device(agent.pid, proxy, folder / "home")
    finally:
        agent.terminate()
        agent.wait(30)


def _node(stack: Stack) -> dict[str, Any]:
    answer = stack.owner.get(f"/api/v1/nodes/{SLUG}")
    return dict(answer.json()) if answer.status_code == 200 else {}
