"""Training runs beside answering, in a process of its own that is humble, is kept and never outlives the agent."""

import os
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import TimeoutError as Unanswered

from bench.harness.processes import pids_of, wait_for
from devices.agent import config, training_supervisor, worker
from devices.agent.config import Config
from tests.settings import PRIVATE_REDIS

ROOT = Path(__file__).resolve().parents[2]
SLUG = "lonely"  # no other test listens to the queues of this node


class Board:
    """Both lanes of a node, on one processor, as on the smallest board; and the cloud's side of its queues."""

    def __init__(self, home: Path) -> None:
        at = {"scheme": "redis", "host": "127.0.0.1", "port": PRIVATE_REDIS.port, "db": 0}
        owner = {**at, "username": "default", "password": PRIVATE_REDIS.password}
        kept = Config("http://127.0.0.1:9", SLUG, "device", "t", "", owner, "compact", 250_000, 2.0, 500_000)
        config.save(home, kept)
        self.app = worker.make_app(kept)
        core = max(os.sched_getaffinity(0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.agent.board", str(home)],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )

    def send(self, job: str, queue: str = "stages", **arguments: Any) -> Any:
        return self.app.send_task(f"stages.{job}", kwargs=arguments, queue=queue)

    def train(self, job: str, **arguments: Any) -> Any:
        return self.send(job, "train", **arguments)

    def lane(self) -> dict[str, Any]:
        """What the training lane says of itself. A job that Redis handed to a lane as it died is lost with it: asked again."""
        for _ in range(4):
            with suppress(Unanswered):
                return dict(self.train("tell").get(timeout=30))  # a lane that starts imports torch first
        pytest.fail("the training lane did not answer")

    def answer_ms(self) -> float:
        """The middle of nine answers, as the board itself timed them."""
        return 1000 * statistics.median(self.send("answer").get(timeout=20) for _ in range(9))


@pytest.fixture
def board(store: Any, tmp_path: Path) -> Iterator[Board]:
    started = Board(tmp_path / "home")
    wait_for(lambda: store.exists(f"{SLUG}:_kombu.binding.train"), 60, "the board did not listen")
    yield started
    started.process.kill()
    started.process.wait()
    # While it ends it still listens, and could take the next test's first job with it.
    wait_for(lambda: not pids_of("training_worker", str(tmp_path)), 30, "the training lane stayed")


def gone(pid: int) -> bool:
    """Ended and its sockets closed: until then Redis may still hand it a job, which is lost with it."""
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_nobody_pays_for_a_lane_before_there_is_something_to_train(board: Board) -> None:
    board.answer_ms()
    children = Path(f"/proc/{board.process.pid}/task/{board.process.pid}/children").read_text()
    assert children == ""


def test_an_answer_takes_its_usual_time_while_the_board_trains(board: Board) -> None:
    board.lane()
    for _ in range(3):  # this machine may have had something else to do meanwhile
        usual = board.answer_ms()
        training = board.train("train", seconds=30.0)
        busy = board.answer_ms()
        assert not training.ready()
        # Two niceness levels share a processor ten to one; equals would take twice as long.
        if busy < 1.5 * usual:
            return
        training.get(timeout=90)
    pytest.fail(f"an answer took {busy:.0f} ms instead of {usual:.0f} ms")


def test_the_lane_is_humble_and_on_the_same_link(board: Board) -> None:
    states = board.lane()
    assert states["nice"] - os.nice(0) >= 10 and states["oom"] == 700 and states["threads"] == "1"
    assert (states["uplink"], states["downlink"], states["slowdown"]) == (250_000, 500_000, 2.0)


def test_a_changed_link_reaches_the_lane(board: Board) -> None:
    board.lane()
    board.send("simulate", uplink=9000).get(timeout=10)
    wait_for(lambda: board.lane()["uplink"] == 9000, 30, "the lane did not hear of it")


def test_a_lane_that_died_is_started_again(board: Board) -> None:
    first = board.lane()["pid"]
    board.train("die")
    wait_for(lambda: gone(first), 30, "it did not die")
    assert board.lane()["pid"] != first


def test_both_processes_stop_soon_in_mid_training(board: Board) -> None:
    other = board.lane()["pid"]
    board.train("train", seconds=30.0)
    board.process.send_signal(signal.SIGTERM)
    board.process.wait(15)
    wait_for(lambda: gone(other), 5, "the training lane stayed")


def test_no_orphan_stays_when_the_agent_is_killed(board: Board) -> None:
    other = board.lane()["pid"]
    board.train("train", seconds=30.0)
    board.process.kill()
    wait_for(lambda: gone(other), 15, "the training lane stayed")


def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert training_supervisor.obstacle("tests.agent.busy_lane:BUSY") == ""
    monkeypatch.setenv("ISTHMUS_TRAINING_LANE", "off")
    assert "switched off on this node (ISTHMUS_TRAINING_LANE)" in training_supervisor.obstacle("tests.agent.busy_lane:BUSY")


def test_a_board_without_the_parts_cannot_train() -> None:
    assert "No module named 'federation_of_nobody'" in training_supervisor.obstacle("federation_of_nobody.lane:TRAINING")
