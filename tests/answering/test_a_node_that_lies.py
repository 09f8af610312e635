"""A node that lies, over the real Redis: it costs a question at most one try, and what it claims is corrected by measuring."""

import base64
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.utils import timezone

from devices.models import Node as Row
from devices.models import Sample
from devices.telemetry import presence
from inference.answering import execute, turns
from inference.engine import catalogue, runner
from inference.engine.runner import Vision
from inference.models import Turn
from inference.photos import store as photos
from inference.placement import candidates, fleet
from inference.scheduling import patience
from tests.answering.conftest import carry_out
from tests.node import Node

pytestmark = pytest.mark.django_db(transaction=True)
Lie = Callable[[str, dict[str, Any]], Any]  # verb and the honest result: what is stored instead


class Serving:
    """A node that takes its jobs from its queue in Redis and stores results there, as an agent does."""

    def __init__(self, node: Node, lie: Lie = lambda verb, result: result) -> None:
        self.node, self.lie = node, lie
        self.jobs: list[str] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        slug = self.node.runtime.slug
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            while not self._ending.is_set():
                taken: Any = client.brpop([f"{slug}:stages"], timeout=0.2)
                if taken is None:
                    continue
                message = json.loads(taken[1])
                task, verb = message["headers"]["id"], message["headers"]["task"].removeprefix("stages.")
                self.jobs.append(verb)
                result = self.lie(verb, self.node.run(verb, **_arguments(message)))
                key = f"{slug}:celery-task-meta-{task}"
                record = json.dumps({"task_id": task, "status": "SUCCESS", "result": result, "children": []})
                client.set(key, record, ex=60)
                client.publish(key, record)

    def end(self) -> None:
        self._ending.set()
        self._thread.join()


def _arguments(message: dict[str, Any]) -> dict[str, Any]:
    _, keywords, _ = json.loads(base64.b64decode(message["body"]))
    return dict(keywords)


@pytest.fixture(scope="module")
def vision() -> Vision:
    return runner.load(catalogue.profile("compact"), threads=1)


@pytest.fixture
def serve(redis_url: str, store: Any, tmp_path: Path, vision: Vision) -> Iterator[Callable[..., Serving]]:
    """A node of this name that is online, with a profile that claims these times."""
    running: list[Serving] = []

    def make(slug: str, tier: str, whole_ms: float, lie: Lie = lambda verb, result: result, **profile: Any) -> Serving:
        points = {str(k): whole_ms / 2 for k in catalogue.profile("compact").split_points("classify")}
        times = {"whole_ms": whole_ms, "head_ms": points, "encode_ms": points, "tail_ms": points, "send_ms": {}, **profile}
        measured = {
            "name": "compact",
            "digest": vision.digest,
            "protocol": 4,
            "tasks": dict.fromkeys(vision.profile.tasks, times),
        }
        Row.objects.create(
            slug=slug, tier=tier, approved=True, token_sha256=slug, profile=measured, last_seen=timezone.now(), queue=0
        )
        for size, ms in ((256, 6.0), (16384, 20.0)):
            Sample.objects.create(node=slug, at=timezone.now(), bytes=size, ms=ms, source="probe")
        running.append(Serving(Node(slug, redis_url, tmp_path / slug, vision), lie))
        return running[-1]

    yield make
    for node in running:
        node.end()


def ask(owner: Any, photo: Any) -> Turn:
    Row.objects.update(last_seen=timezone.now())
    turn = turns.ask(owner, uuid.uuid4(), "What is in this photo?", photo, policy="fastest")
    carry_out(turn)
    turn.refresh_from_db()
    return turn


def receipt_of(turn: Turn) -> dict[str, Any]:
    assert turn.state == "answered", turn.error
    receipt: dict[str, Any] = turn.steps.get().receipt
    return receipt


ANSWERS = {"run_whole", "run_tail"}
LIES: dict[str, Lie] = {
    "the wrong shape": lambda verb, result: {"label": "cat"} if verb in ANSWERS else result,
    "five megabytes": lambda verb, result: "x" * 5_000_000 if verb in ANSWERS else result,
    "a time that is no number": lambda verb, result: {**result, "compute_ms": float("nan")} if verb in ANSWERS else result,
    "a negative time": lambda verb, result: {**result, "queue_ms": -5.0} if verb in ANSWERS else result,
    "a confidence of seven": lambda verb, result: (
        {**result, "answer": {**result["answer"], "confidence": 7}} if verb in ANSWERS else result
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_edge_costs_one_try_and_then_rests(lie: str, serve: Any, owner: Any, photo_bytes: bytes) -> None:
    serve("jetson-t", "device", 400.0)
    liar = serve("edge-m", "edge", 1.0, LIES[lie])
    photo = photos.store(owner, [photo_bytes])
    for _ in range(3):
        receipt = receipt_of(ask(owner, photo))
        assert [failure["node"] for failure in receipt["fell_back_from"]] == ["edge-m"], "one try, no more"
        assert receipt["route"] == "device"
    before = len(liar.jobs)
    assert receipt_of(ask(owner, photo))["fell_back_from"] == []
    assert len(liar.jobs) == before, "it rests"
    trouble = presence.as_json(Row.objects.get(slug="edge-m"))["trouble"]
    assert "edge-m sent an invalid reply" in trouble and "3 failures in a row" in trouble


def test_the_next_rest_is_longer_and_a_good_answer_ends_them(serve: Any, owner: Any, photo_bytes: bytes) -> None:
    serve("jetson-t", "device", 400.0)
    liar = serve("edge-m", "edge", 1.0, LIES["the wrong shape"])
    photo = photos.store(owner, [photo_bytes])
    rests = []
    for _ in range(5):
        receipt_of(ask(owner, photo))
        row = Row.objects.get(slug="edge-m")
        if row.rests_until is not None:
            rests.append((row.rests_until - timezone.now()).total_seconds())
            Row.objects.filter(slug="edge-m").update(rests_until=timezone.now())
    assert len(rests) == 3 and rests[0] < 31 < rests[1] < 61 < rests[2] < 121
    liar.lie = lambda verb, result: result
    assert receipt_of(ask(owner, photo))["fell_back_from"] == []
    assert Row.objects.get(slug="edge-m").failures == 0


def test_a_device_that_sends_other_bytes_than_it_says_is_not_believed(serve: Any, owner: Any, photo_bytes: bytes) -> None:
    def lie(verb: str, result: dict[str, Any]) -> dict[str, Any]:
        return {**result, "bytes": 1} if "uplink_ms" in result else result

    serve("jetson-t", "device", 400.0, lie)
    serve("edge-t", "edge", 1.0)
    turn = ask(owner, photos.store(owner, [photo_bytes]))
    assert turn.state == "failed" and "and said 1." in turn.error["message"]
    assert Row.objects.get(slug="jetson-t").failures == 1


def test_times_that_a_slow_node_calls_fast_are_corrected_after_its_first_jobs(
    serve: Any, owner: Any, photo_bytes: bytes
) -> None:
    """It says one millisecond and takes 1.5 seconds: after a few answers the device is preferred."""

    def lie(verb: str, result: dict[str, Any]) -> dict[str, Any]:
        if verb in ANSWERS:
            time.sleep(1.5)
            return {**result, "queue_ms": 0.0, "compute_ms": 1.0}
        return result

    serve("jetson-t", "device", 400.0)
    serve("edge-m", "edge", 1.0, lie)
    photo = photos.store(owner, [photo_bytes])
    routes = [receipt_of(ask(owner, photo))["route"] for _ in range(8)]
    assert routes[0] != "device" and routes[-1] == "device", routes
    print(f"questions until it was avoided: {routes.index('device')}")


@pytest.mark.long
def test_a_node_that_is_later_than_its_claim_allows_is_expected_to_be_late(
    serve: Any, owner: Any, photo_bytes: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "SHORTEST_S", 2.5)
    monkeypatch.setattr(execute, "run", _with_deadline(execute.run))
    serve("jetson-t", "device", 400.0)
    serve("edge-m", "edge", 1.0, lambda verb, result: time.sleep(6) or result if verb in ANSWERS else result)
    photo = photos.store(owner, [photo_bytes])
    tries = [len(receipt_of(ask(owner, photo))["fell_back_from"]) for _ in range(5)]
    assert tries[0] == 1 and tries[-1] == 0, tries


def _with_deadline(run: Any) -> Any:
    """As if the deadline were shorter: the test must not wait for the real one."""
    return lambda step, chosen, predicted_ms: run(step, chosen, (predicted_ms or 0) / 4 - 500)


def test_a_profile_without_a_task_is_not_offered_for_it(serve: Any, owner: Any, photo_bytes: bytes) -> None:
    serve("jetson-t", "device", 400.0)
    serve("edge-m", "edge", 1.0)
    row = Row.objects.get(slug="edge-m")
    row.profile["tasks"] = {"dance": {"whole_ms": 0.0, "head_ms": {}, "tail_ms": {}}}
    row.save()
    assert receipt_of(ask(owner, photos.store(owner, [photo_bytes])))["route"] == "device"


def test_a_profile_without_split_points_is_not_offered_for_splitting(serve: Any) -> None:
    serve("jetson-t", "device", 400.0)
    serve("edge-m", "edge", 1.0, head_ms={}, tail_ms={})
    device, edge = (Row.objects.get(slug=slug) for slug in ("jetson-t", "edge-m"))
    timings = [candidates.timings(node.slug, node.profile) for node in (device, edge)]
    options = candidates.build("classify", catalogue.profile("compact"), *timings, 10_000, {})
    assert {option.route.name for option in options} == {"device", "edge"}
    assert fleet.online(without=set())
