"""The joining of one board by the printed command, timed."""

import subprocess
import sysconfig
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import IO, Any, TypedDict

from PIL import Image

from bench.harness.namespaces import Namespace
from bench.harness.processes import free_port, wait_for
from bench.harness.stack import Stack

BOARD = "board"
SCRIPT = Path(__file__).with_name("joining.sh")


class Figures(TypedDict):
    installed_s: float
    online_s: float
    join_s: float
    answered: bool


def measure(wheels: str) -> Figures:
    with tempfile.TemporaryDirectory() as folder, Namespace() as network:
        stack = Stack(Path(folder), "--devices", "1")
        port = free_port()
        (stack.var / "redis").mkdir(parents=True)
        (stack.var / "redis" / "port").write_text(str(port))
        stack.env |= {
            "ISTHMUS_HOSTS": f"{network.address},127.0.0.1,localhost",
            "ISTHMUS_NODE_REDIS_HOST": f"{network.address}:{port}",
        }
        network.reach(stack.port, port)
        with stack:
            return join(stack, network, wheels)


def join(stack: Stack, network: Namespace, wheels: str) -> Figures:
    # The command uses the host name of the admin's request, so the request must use the address that the board will use.
    headers = {"Host": f"{network.address}:{stack.port}"}
    enrolment = stack.owner.post("/devices/add/", json={"name": BOARD, "tier": "device"}, headers=headers).json()
    command = network.command(["sh", str(SCRIPT), sysconfig.get_path("purelib"), enrolment["command"], wheels])
    started = time.monotonic()
    board = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert board.stdout is not None
    try:
        print_until(board.stdout, "installed")
        installed = time.monotonic()
        node = board_node(stack)
        print(f"--- in the devices page: {node['slug']} awaits approval, fingerprint {node['fingerprint']}; approved")
        stack.owner.post(f"/devices/{BOARD}/approve/", json={}).raise_for_status()
        approved = time.monotonic()
        wait_for(lambda: ready(board_node(stack)), 120, "the board did not come online", every=0.2)
        online = time.monotonic()
        print_until(board.stdout, "ready")
        print(f"--- in the devices page: {BOARD} is online")
        turn = stack.put("What is it?", photo=stack.upload(photo_bytes()), route="device", node=BOARD)
        answered = stack.finished(turn["id"])
        print(f"--- What is it? → {answered['state']}: {answered.get('answer')}")
    finally:
        pids = subprocess.run(["ip", "netns", "pids", network.name], capture_output=True, text=True, check=False).stdout.split()
        for pid in pids:
            stack.kill(int(pid))
        board.wait(10)
    return {
        "installed_s": round(installed - started, 1),
        "online_s": round(online - approved, 1),
        "join_s": round(online - started, 1),
        "answered": answered["state"] == "answered",
    }


def print_until(lines: IO[str], last: str) -> None:
    """Print the board's output up to the line `last`."""
    for line in lines:
        if line.strip() == last:
            return
        print(line, end="")
    raise SystemExit(f"The board's process ended before it printed {last!r}; see the transcript above.")


def board_node(stack: Stack) -> dict[str, Any]:
    return next(node for node in stack.owner.get("/api/v1/nodes").json()["items"] if node["slug"] == BOARD)


def ready(node: dict[str, Any]) -> bool:
    return bool(node["state"] == "online" and node["profile"])


def photo_bytes() -> bytes:
    data = BytesIO()
    Image.linear_gradient("L").convert("RGB").save(data, "JPEG")
    return data.getvalue()
