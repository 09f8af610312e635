"""A node that is asked several things at once computes them together: same answers, honest times, each its own fault."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis
from PIL import Image

from devices.agent.config import ConfigError
from devices.agent.sharing.batch_sizes import SIZES, BatchSizes
from devices.contract import wire
from inference.engine.runner import Vision
from tests.bundled import SPLIT_AT
from tests.node import Node, jpeg

LEVEL = 6
JOBS = (
    ("classify", None),
    ("vqa", "is there a dog?"),
    ("caption", None),
    ("vqa", "what colour is it?"),
    ("vqa", "what is in the middle of the picture?"),
    ("caption", None),
    ("classify", None),
    ("vqa", "how many people are there?"),
)


@pytest.fixture
def edge(store: "redis.Redis[bytes]", redis_url: str, tmp_path: Path, compact: Vision, monkeypatch: pytest.MonkeyPatch) -> Node:
    """It takes along whatever waits."""
    monkeypatch.setattr(BatchSizes, "of", lambda self, waiting: max(size for size in self._sizes if size <= waiting))
    return Node("edge-t", redis_url, tmp_path, compact)


@pytest.fixture
def packets(edge: Node, drawn: Callable[..., Image.Image]) -> None:
    for number, (task, _) in enumerate(JOBS):
        edge.lay(f"features-{number}", edge.vision.run_head(task, drawn(number), SPLIT_AT, LEVEL))


def _tail(edge: Node, number: int) -> dict[str, Any]:
    task, question = JOBS[number]
    about = {"task": task, "question": question, "photo": f"p{number}", "split_at": SPLIT_AT, "level": LEVEL}
    return edge.call("run_tail", job=str(number), blob=f"features-{number}", **about)


def _at_once(edge: Node, jobs: Sequence[Callable[[], dict[str, Any]]]) -> list[tuple[dict[str, Any], float]]:
    """Replies to jobs that all wait when the first starts, and the milliseconds that each took."""

    def timed(job: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], float]:
        started = time.perf_counter()
        return job(), 1000 * (time.perf_counter() - started)

    lock = edge.runtime.compute_lock
    with ThreadPoolExecutor(len(jobs)) as threads:
        with lock.of("somebody"):
            futures = [threads.submit(timed, job) for job in jobs]
            until = time.monotonic() + 20
            while sum(map(len, lock._waiting.values())) < len(jobs) and time.monotonic() < until:
                time.sleep(0.005)
        return [future.result(60) for future in futures]


def _tails(edge: Node) -> list[Callable[[], dict[str, Any]]]:
    return [lambda number=number: _tail(edge, number) for number in range(len(JOBS))]  # type: ignore[misc]


@pytest.mark.usefixtures("packets")
def test_tails_that_wait_together_get_the_answers_that_each_gets_alone(edge: Node) -> None:
    alone = [_tail(edge, number) for number in range(len(JOBS))]
    assert [reply["batch"] for reply in alone] == [1] * len(JOBS)
    together = _at_once(edge, _tails(edge))
    for (reply, _), expected in zip(together, alone, strict=True):
        assert reply["batch"] == len(JOBS) and reply["answer"]["text"] == expected["answer"]["text"]
        assert reply["answer"]["confidence"] == pytest.approx(expected["answer"]["confidence"], abs=1e-4)


@pytest.mark.usefixtures("packets")
def test_waiting_and_computing_are_what_passed(edge: Node) -> None:
    for reply, ms in _at_once(edge, _tails(edge)):
        stated = reply["queue_ms"] + reply["compute_ms"]
        assert stated <= ms, "no more than the job took"
        assert stated > 0.3 * ms, "what is left are messages"


def test_whole_models_on_photos_are_computed_together_too(edge: Node, drawn: Callable[..., Image.Image]) -> None:
    for number in range(4):
        edge.lay(f"photo-{number}", jpeg(drawn(number)))

    def whole(number: int) -> dict[str, Any]:
        return edge.call("run_whole", job=str(number), task=("caption", "vqa")[number % 2], blob=f"photo-{number}",
                         question="what is he doing?")  # fmt: skip

    alone = [whole(number)["answer"]["text"] for number in range(4)]
    together = _at_once(edge, [lambda number=number: whole(number) for number in range(4)])  # type: ignore[misc]
    assert [reply["answer"]["text"] for reply, _ in together] == alone
    assert {reply["batch"] for reply, _ in together} == {4}


@pytest.mark.usefixtures("packets")
def test_features_that_cannot_be_read_fail_their_own_job(edge: Node) -> None:
    sent = wire.unpack(edge.runtime.get_blob("features-2") or b"")
    short = wire.Packet(sent.split_at, sent.level, sent.tower, sent.code, sent.payload[:-1])
    foreign = wire.Packet(sent.split_at, sent.level, b"else", sent.code, sent.payload)
    edge.lay("features-2", wire.pack(short))
    assert _tail(edge, 2)["error"]["code"] == "wire_payload"
    replies = [reply for reply, _ in _at_once(edge, _tails(edge))]
    assert [number for number, reply in enumerate(replies) if "error" in reply] == [2]
    assert replies[2]["error"]["code"] == "wire_payload"
    edge.lay("features-2", wire.pack(foreign))
    assert _tail(edge, 2)["error"]["code"] == "wire_model"


@pytest.mark.usefixtures("packets")
def test_where_memory_is_too_little_for_a_batch_it_is_computed_one_by_one(edge: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    run_tails = edge.vision.run_tails

    def small(batch: Sequence[Any]) -> list[Any]:
        if len(batch) > 1:
            raise MemoryError
        return run_tails(batch)

    monkeypatch.setattr(edge.vision, "run_tails", small)
    replies = [reply for reply, _ in _at_once(edge, _tails(edge))]
    assert all(reply["answer"]["text"] for reply in replies) and {reply["batch"] for reply in replies} == {1}


@pytest.mark.usefixtures("packets")
def test_a_simulated_slow_node_is_slow_for_the_batch(edge: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    paced = list[float]()
    monkeypatch.setattr(edge.runtime, "pace", paced.append)
    replies = [reply for reply, _ in _at_once(edge, _tails(edge))]
    assert len(paced) == 1 and {reply["batch"] for reply in replies} == {len(JOBS)}
    paced.clear()
    monkeypatch.setattr(edge.runtime, "pace", lambda seconds: (paced.append(seconds), time.sleep(2 * seconds)))
    (reply, _), *_ = _at_once(edge, _tails(edge))
    assert reply["compute_ms"] >= 3000 * paced[0]


@pytest.mark.usefixtures("packets")
def test_a_setting_makes_it_answer_one_at_a_time(
    redis_url: str, tmp_path: Path, compact: Vision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISTHMUS_BATCH", "1")
    edge = Node("edge-t", redis_url, tmp_path / "other", compact)
    assert {reply["batch"] for reply, _ in _at_once(edge, _tails(edge))} == {1}


@pytest.mark.parametrize("setting", ["0", "-1", "many", "1.5", " "])
def test_a_setting_that_is_no_number_stops_the_start(
    setting: str, redis_url: str, tmp_path: Path, compact: Vision, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ISTHMUS_BATCH", setting)
    with pytest.raises(ConfigError, match=r"ISTHMUS_BATCH must be a whole number from 1 on, not"):
        Node("edge-t", redis_url, tmp_path / "other", compact)


@pytest.mark.usefixtures("packets")
def test_what_is_computed_alone_waits_its_turn_between_batches(edge: Node, drawn: Callable[..., Image.Image]) -> None:
    """A head is not pushed back by tails that keep coming."""
    edge.lay("p-head", jpeg(drawn(3)))
    edge.call("place", photo="p-head")
    stop, tails = threading.Event(), list[dict[str, Any]]()

    def flood(number: int) -> None:
        while not stop.is_set():
            tails.append(_tail(edge, number))

    threads = [threading.Thread(target=flood, args=(number,)) for number in range(len(JOBS))]
    for thread in threads:
        thread.start()
    sent = edge.call("run_head", job="head", task="classify", photo="p-head", split_at=SPLIT_AT, level=1, blob="b", fresh=True)
    stop.set()
    for thread in threads:
        thread.join(60)
    assert sent["bytes"] > 0 and max(reply["batch"] for reply in tails) <= SIZES[-1]
