"""What is expected of a busy node: answers in batches take as long as their batch, and the queue of each edge counts."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devices.models import Node
from inference.models import NodeProfile
from inference.placement import fleet
from inference.placement.timing_store import ALONE, BATCH, COMPANY, RECENT_S, Observation, Records, observe, timings

pytestmark = pytest.mark.django_db
TIMES = {"whole_ms": 50.0, "head_ms": {"8": 10.0}, "tail_ms": {"8": 40.0}}
STANDALONE = {"whole_ms": 300.0, "head_ms": {}, "tail_ms": {}}
MEASURED: Any = {"name": "compact", "digest": "d", "tasks": {"vqa": TIMES, "caption": TIMES, "read": STANDALONE}}
TAIL = "compact/vqa/tail/8"


def _answered(ms: float, batch: int, times: int = 12, edge: str = "edge-1") -> None:
    for _ in range(times):
        observe(Observation(edge, TAIL, ms, batch))


def _edge(slug: str, queue: int) -> Node:
    return Node.objects.create(slug=slug, tier="edge", queue=queue, profile=MEASURED, token_sha256=slug)


def test_answers_in_batches_are_expected_to_take_as_long_while_batches_are_recent() -> None:
    _answered(40.0, 1)
    _answered(120.0, 8)
    busy = timings("edge-1", MEASURED)
    assert busy.tail("vqa", 8) == pytest.approx(120.0, rel=0.05)
    assert busy.tail("caption", 8) == pytest.approx(120.0, rel=0.05) and busy.whole("vqa") == pytest.approx(130.0, rel=0.05)
    assert busy.head("vqa", 8) == 10.0 and busy.whole("read") == 300.0, "what is computed alone has no company"
    old = timezone.now() - timedelta(seconds=RECENT_S + 1)
    NodeProfile.objects.filter(part__in=(COMPANY, BATCH)).update(updated=old)
    assert timings("edge-1", MEASURED).tail("vqa", 8) == pytest.approx(40.0), "no batch is a part's own time"


def test_when_the_others_are_gone_predictions_follow_within_a_few_answers() -> None:
    _answered(40.0, 1)
    _answered(120.0, 8)
    _answered(40.0, 1, times=8)
    assert timings("edge-1", MEASURED).tail("vqa", 8) == pytest.approx(40.0, abs=6)
    assert Records("edge-1").company("edge-1").size == pytest.approx(1.0, abs=0.5)


def test_of_a_mixture_the_mean_is_expected() -> None:
    _answered(40.0, 1)
    for _ in range(20):
        _answered(40.0, 1, times=1)
        _answered(100.0, 4, times=1)
    assert 55 < timings("edge-1", MEASURED).tail("vqa", 8) < 85


def test_a_node_that_was_never_alone_has_expectations_too() -> None:
    _answered(120.0, 8)
    assert timings("edge-1", MEASURED).tail("vqa", 8) == pytest.approx(120.0, rel=0.25)


def test_lone_answers_leave_nothing_about_batches() -> None:
    _answered(40.0, 1)
    assert Records("edge-1").company("edge-1") == ALONE and not NodeProfile.objects.filter(part__in=(COMPANY, BATCH)).exists()


def test_the_queue_of_each_edge_counts() -> None:
    idle, busy = _edge("edge-1", 0), _edge("edge-2", 7)
    load = fleet.load(idle, [idle, busy])
    assert load.at("edge-1") == 0.0 and load.at("edge-2") == pytest.approx(6 * (50 + 50 + 300) / 3)


def test_a_queue_that_is_answered_in_batches_is_shorter() -> None:
    edge = _edge("edge-1", 9)
    alone = fleet.load(edge, [edge]).at("edge-1")
    _answered(40.0, 1)
    _answered(120.0, 8)
    together = fleet.load(edge, [edge]).at("edge-1")
    assert together == pytest.approx(8 * (400 / 3 + 80) / 8, rel=0.1) and together < alone / 3
