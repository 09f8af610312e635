"""What a node is expected to take: measured at its start, then learned from what it did."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inference.models import NodeProfile
from inference.placement import candidates
from inference.placement.timing_store import FORGET_AFTER, PACE, PACE_S, QUEUE, QUEUE_S, observe, timings, waited_ms

pytestmark = pytest.mark.django_db
TIMES = {"whole_ms": 50.0, "head_ms": {"1": 10.0}, "tail_ms": {"1": 40.0}}
MEASURED = {"name": "compact", "digest": "d", "tasks": {"vqa": TIMES, "caption": TIMES}}
PART = "compact/vqa/whole"


def saw(ms: float, times: int = FORGET_AFTER, part: str = PART) -> None:
    for _ in range(times):
        observe("jetson-a", part, ms)


def test_nothing_seen_is_as_measured() -> None:
    assert timings("jetson-a", MEASURED).whole("vqa") == 50.0


def test_a_lasting_change_is_followed_within_a_few_questions() -> None:
    saw(50.0)
    saw(90.0, 6)
    assert timings("jetson-a", MEASURED).whole("vqa") == pytest.approx(90, rel=0.15)


def test_one_hiccup_moves_it_little() -> None:
    saw(50.0, 5)
    saw(5000.0, 1)
    assert timings("jetson-a", MEASURED).whole("vqa") < 80


def test_a_part_that_took_nothing_can_grow_again() -> None:
    saw(0.0, 3)
    saw(20.0, 12)
    assert timings("jetson-a", MEASURED).whole("vqa") > 15


def test_parts_never_seen_are_slowed_by_load_as_the_seen_ones() -> None:
    saw(50.0, 3)
    saw(100.0, 6)
    found = timings("jetson-a", MEASURED)
    assert found.whole("caption") == pytest.approx(100, rel=0.25)
    assert found.tail("vqa", 1) == pytest.approx(80, rel=0.25)


def test_a_node_that_was_slow_is_expected_to_be_as_usual_again_after_a_while() -> None:
    saw(50.0, 5)
    saw(100.0, 3)
    busy = timings("jetson-a", MEASURED)
    old = timezone.now() - timedelta(seconds=4 * PACE_S)
    NodeProfile.objects.filter(part=PACE[False]).update(updated=old)
    later = timings("jetson-a", MEASURED)
    assert busy.whole("vqa") > 80
    assert later.whole("vqa") < 70
    assert later.whole("caption") < busy.whole("caption")


def test_what_one_route_shows_about_messages_counts_for_the_others() -> None:
    for part in ("compact/overhead/split", "compact/overhead/device"):
        saw(20.0, 4, part)
    saw(40.0, 3, "compact/overhead/device")
    assert timings("jetson-a", MEASURED).overhead("split", candidates.calls()) > 28


def test_a_wait_seen_lately_is_expected_and_then_forgotten() -> None:
    saw(300.0, 4, QUEUE)
    assert waited_ms("jetson-a") == pytest.approx(300)
    old = timezone.now() - timedelta(seconds=QUEUE_S + 1)
    NodeProfile.objects.filter(part=QUEUE).update(updated=old)
    assert waited_ms("jetson-a") == 0.0
