"""A board joins by the printed command, in a network namespace of its own: `python -m bench.joining [--json]`. Root, Linux.

The board is this machine's file system with its own /etc, /opt and /usr/local/bin over it, and its own network, from which
the two ports of the server are all that can be reached. The command is the one the devices page shows. Packages count as
cached: those of this environment are visible to the board's own Python, and pip may fetch nothing. systemd is not there; what
the installer asks of it is done by bench/joining.sh. The transcript goes to stdout.

installed_s  seconds from the command being given to its end; the board has joined and waits
online_s     seconds from the admin's approval until the page shows the board as online with its models loaded
join_s       both together, with what lies between
answered     whether the board then answers a question about a photo, all on itself
"""

import argparse
import json
import subprocess
import sys
import sysconfig
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from PIL import Image

from bench.harness.namespaces import Namespace, possible
from bench.harness.processes import free_port, wait_for
from bench.harness.stack import Stack

BOARD = "board"
SCRIPT = Path(__file__).with_suffix(".sh")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    parser.add_argument("--wheels", default="", help="folder of packages that the board's own Python lacks")
    options = parser.parse_args()
    if not possible():
        sys.exit("This needs root, `ip` and `tc` on Linux.")
    figures = measure(options.wheels)
    for name, value in figures.items():
        print(f"{name:12} {value}")
    if options.json:
        print(json.dumps(figures))


def measure(wheels: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, Namespace() as place:
        stack = Stack(Path(folder), "--devices", "1")
        port = free_port()
        (stack.var / "redis").mkdir(parents=True)
        (stack.var / "redis" / "port").write_text(str(port))
        stack.env |= {
            "ISTHMUS_HOSTS": f"{place.address},127.0.0.1,localhost",
            "ISTHMUS_NODE_REDIS_HOST": f"{place.address}:{port}",
        }
        place.reach(stack.port, port)
        with stack:
            return joined(stack, place, wheels)


def joined(stack: Stack, place: Namespace, wheels: str) -> dict[str, Any]:
    # The command names the server as the admin's browser does, and that one came by the address the board will use.
    here = {"Host": f"{place.address}:{stack.port}"}
    made = stack.owner.post("/devices/add/", json={"name": BOARD, "tier": "device"}, headers=here).json()
    words = place.command(["sh", str(SCRIPT), sysconfig.get_path("purelib"), made["command"], wheels])
    started = time.monotonic()
    board = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert board.stdout is not None
    try:
        said(board.stdout, "installed")
        installed = time.monotonic()
        node = the_board(stack)
        print(f"--- in the devices page: {node['slug']} waits for approval, fingerprint {node['fingerprint']}; approved")
        stack.owner.post(f"/devices/{BOARD}/approve/", json={}).raise_for_status()
        approved = time.monotonic()
        wait_for(lambda: ready(the_board(stack)), 120, "the board was not online", every=0.2)
        online = time.monotonic()
        said(board.stdout, "ready")
        print(f"--- in the devices page: {BOARD} is online")
        turn = stack.put("What is it?", photo=stack.upload(picture()), route="device", node=BOARD)
        ended = stack.finished(turn["id"])
        print(f"--- What is it? → {ended['state']}: {ended.get('answer')}")
    finally:
        pids = subprocess.run(["ip", "netns", "pids", place.name], capture_output=True, text=True, check=False).stdout.split()
        for pid in pids:
            stack.kill(int(pid))
        board.wait(10)
    return {
        "installed_s": round(installed - started, 1),
        "online_s": round(online - approved, 1),
        "join_s": round(online - started, 1),
        "answered": ended["state"] == "answered",
    }


def said(lines: IO[str], last: str) -> None:
    """Print what the board says, up to a line."""
    for line in lines:
        if line.strip() == last:
            return
        print(line, end="")
    raise SystemExit("The board ended before its time.")


def the_board(stack: Stack) -> dict[str, Any]:
    return next(node for node in stack.owner.get("/api/v1/nodes").json()["items"] if node["slug"] == BOARD)


def ready(node: dict[str, Any]) -> bool:
    return bool(node["state"] == "online" and node["profile"])


def picture() -> bytes:
    data = BytesIO()
    Image.linear_gradient("L").convert("RGB").save(data, "JPEG")
    return data.getvalue()


if __name__ == "__main__":
    main()
