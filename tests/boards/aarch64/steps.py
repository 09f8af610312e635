"""What the board goes through, in order. Each step's docstring is its line in the transcript."""

import json
import platform
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
import sklearn.datasets

from bench.harness.stack import Stack
from devices.agent import config
from devices.agent.server import Refused, Server
from tests.boards.aarch64 import emulation
from tests.boards.aarch64.board import Board
from tests.transcript import Failed, require, wait_until

BOARD, DEVICE = "board", "jetson-a"
HOME, PYTHON = "/opt/isthmus/home", "/opt/isthmus/venv/bin/python"
PHOTO = Path(sklearn.datasets.__file__).parent / "images" / "flower.jpg"
QUESTION = "What is it?"
OTHER_QUESTIONS = ("Describe this photo.", "What colour is it?", "What does it say?")
MACHINE = "import platform; print(platform.machine(), platform.python_version())"
PACKAGES = ("isthmus-agent", "onnxruntime", "numpy", "pillow", "opencv-python-headless", "celery")
VERSIONS = f"from importlib.metadata import version; print(*[f'{{name}} {{version(name)}}' for name in {PACKAGES}], sep=', ')"
# qemu computes a model two hundred times as slowly, and the machine may be busy.
INSTALL_S, LOAD_S, ANSWER_S = 3600, 3600, 900
TRIES = 3
ENDED = "isthmus-agent.service: exit status"  # the last line of the journal
CLOSE = 0.01  # of two confidences


@dataclass
class Trial:
    """`cache`: what later trials use again; `folder`: of this trial alone."""

    cache: Path
    folder: Path
    resources: ExitStack
    stack: Stack = field(init=False)
    board: Board = field(init=False)

    def node(self) -> dict[str, Any]:
        nodes = self.stack.owner.get("/api/v1/nodes").json()["items"]
        return next((node for node in nodes if node["slug"] == BOARD), {})

    def journal(self) -> list[str]:
        return self.board.file("/mnt/journal").read_text().splitlines()

    def running_journal(self) -> list[str]:
        lines = self.journal()
        require(not lines[-1].startswith(ENDED), f"its agent runs, but its journal ends with {lines[-2:]}")
        return lines

    def ready(self) -> bool:
        self.running_journal()
        return self.node()["state"] == "online" and bool(self.node()["profile"])

    def answer(self, node: str, route: str, question: str = QUESTION) -> dict[str, Any]:
        """The receipt of a question that was answered by this route alone. A node that was slower than the server expects of
        it gets longer the next time: a busy machine slows an emulated board unevenly."""
        for _ in range(TRIES):
            status, body, errors = self.stack.ask(PHOTO, question, "--node", node, "--route", route, timeout=2 * ANSWER_S)
            if status == 0:
                break
        require(status == 0, f"{node} answers by the route {route}, not: {errors.strip()[-500:]}")
        (receipt,) = body["receipts"]
        taken = receipt["device"], receipt["route"], receipt["fell_back_from"]
        require(taken == (node, route, []), f"{node} is asked, by the route {route} alone, not {taken}")
        return dict(receipt)


def start_server(trial: Trial, notes: list[str]) -> None:
    """a server with an edge and a device of this machine's own kind"""
    trial.stack = Stack(trial.folder, "--devices", "1", "--slowdown", "1")
    trial.stack.env["ISTHMUS_TURN_DEADLINE"] = str(ANSWER_S)
    trial.resources.enter_context(trial.stack)
    notes.append(f"{platform.machine()}, Python {platform.python_version()}")


def start_board(trial: Trial, notes: list[str]) -> None:
    """a board with Debian for 64-bit ARM"""
    system = emulation.debian(trial.cache)
    trial.board = trial.resources.enter_context(Board(system, trial.folder / "board"))
    machine, python = trial.board.run("python3", "-c", MACHINE).split()
    require(machine == trial.board.run("uname", "-m") == "aarch64", f"its machine is aarch64, not {machine}")
    notes.append(f"{machine}, Python {python}")


def install(trial: Trial, notes: list[str]) -> None:
    """the line from the devices page installs the agent"""
    command = trial.stack.owner.post("/devices/add/", json={"name": BOARD, "tier": "device"}).json()["command"]
    _show("$ " + command)
    _show(trial.board.run("sh", "-c", command, seconds=INSTALL_S, ISTHMUS_TRAINING="no"))
    notes.append(trial.board.run(PYTHON, "-c", VERSIONS))


def join(trial: Trial, notes: list[str]) -> None:
    """it joins, and shows the fingerprint that the page shows"""
    wait_until(lambda: "waits for approval" in trial.running_journal()[-1], LOAD_S, "it waits for approval", every=2)
    _show("\n".join(trial.journal()))
    node = trial.node()
    require(any(node["fingerprint"] in line for line in trial.journal()), "both show the same fingerprint")
    require(not node["approved"], "it is not approved yet")
    notes.append(node["fingerprint"])


def approve(trial: Trial, notes: list[str]) -> None:
    """after its approval it fetches the models and is online with them"""
    trial.stack.owner.post(f"/devices/{BOARD}/approve/", json={}).raise_for_status()
    seen = len(trial.journal())
    wait_until(trial.ready, LOAD_S, "it is online with its models", every=5)
    _show("\n".join(trial.journal()[seen:]))
    node = trial.node()
    require(node["hardware"]["machine"] == "aarch64" and not node["trouble"], f"it is in order, not {node}")
    [(profile,)] = trial.stack.rows("SELECT profile FROM devices_node WHERE slug = ?", BOARD)
    engine = json.loads(profile)["engine"]
    require((engine["name"], engine["device"]) == ("onnx", "cpu"), f"ONNX Runtime computes on the CPU, not {engine}")
    notes.append(f"{node['profile']} models, {engine['name']} on {engine['device']}; {node['hardware']}, {node['sensors']}")


def examine(trial: Trial, notes: list[str]) -> None:
    """`isthmus-agent doctor` finds no fault"""
    _show(trial.board.run("isthmus-agent", "doctor"))


def answer_by_device(trial: Trial, notes: list[str]) -> None:
    """it answers by itself as this machine does"""
    _compare(trial, "device", notes)


def answer_by_edge(trial: Trial, notes: list[str]) -> None:
    """it sends the photo to the edge"""
    _compare(trial, "edge", notes)


def answer_by_split(trial: Trial, notes: list[str]) -> None:
    """it computes the head, and the edge the tail"""
    _compare(trial, "split", notes)


def answer_other_tasks(trial: Trial, notes: list[str]) -> None:
    """it captions, answers a question and reads text as this machine does"""
    for question in OTHER_QUESTIONS:
        _compare(trial, "device", notes, question)


def revoke(trial: Trial, notes: list[str]) -> None:
    """once revoked, its agent ends and says why"""
    trial.stack.owner.post(f"/devices/{BOARD}/revoke/", json={}).raise_for_status()
    wait_until(lambda: trial.journal()[-1].startswith(ENDED), 120, "the agent ends")
    require(trial.journal()[-1].endswith("exit status 3"), f"its exit status is 3, not: {trial.journal()[-1]}")
    notes += [line for line in trial.journal() if "stopping:" in line]


def stay_out(trial: Trial, notes: list[str]) -> None:
    """nothing that it knows lets it in again"""
    node = config.load(trial.board.file(HOME))
    try:
        redis.Redis.from_url(node.redis_url).ping()
        raise Failed("Redis refuses its password")
    except redis.AuthenticationError as error:
        notes.append(f"Redis: {error}")
    try:
        Server(node.server, node.token).get("/api/v1/nodes/me")
        raise Failed("the server refuses its token")
    except Refused as refused:
        require(refused.status == 401, f"the server answers 401, not {refused.status}")
        notes.append(f"server: {refused}")
    again = trial.board.attempt("runuser", "-u", "isthmus", "--", PYTHON, "-m", "devices.agent", "run", "--home", HOME)
    require(again.returncode == 3, f"its agent does not start again: {again.returncode} {again.stdout[-500:]}")
    notes.append(f"agent: {again.stdout.strip().splitlines()[-1]}")
    status, _, errors = trial.stack.ask(PHOTO, QUESTION, "--node", BOARD)
    require(status != 0, "nobody can put a question to it")
    notes.append(f"ask: {errors.strip()}")


STEPS: tuple[Callable[[Trial, list[str]], None], ...] = (
    start_server,
    start_board,
    install,
    join,
    approve,
    examine,
    answer_by_device,
    answer_by_edge,
    answer_by_split,
    answer_other_tasks,
    revoke,
    stay_out,
)


def _compare(trial: Trial, route: str, notes: list[str], question: str = QUESTION) -> None:
    """The same question by the same route to both machines. What crosses the link may differ, as their times do."""
    ours, theirs = (trial.answer(node, route, question) for node in (DEVICE, BOARD))
    require(theirs["answer"] == ours["answer"], f"the answer is {ours['answer']}, not {theirs['answer']}")
    if route == "device" and ours["confidence"] is not None:
        apart = abs(ours["confidence"] - theirs["confidence"])
        require(apart < CLOSE, f"its confidence is {ours['confidence']:.3f}, not {theirs['confidence']:.3f}")
    sent, spent = theirs["bytes"]["uplink"], theirs["actual_ms"]
    require((sent == 0) == (route == "device"), f"{sent} bytes are right for the route {route}")
    notes.append(
        f"{theirs['task']}: {theirs['answer']}, {sent:,} B, "
        f"{spent['device']:.0f} ms on the board (here {ours['actual_ms']['device']:.0f}), {spent['edge']:.0f} at the edge"
    )


def _show(lines: str) -> None:
    print("\n".join(f"         | {line}" for line in lines.splitlines()), flush=True)
