"""Expected times of a node: measured at its start, then corrected by observations."""

from datetime import timedelta

import pytest
from django.utils import timezone

from inference.models import NodeProfile
from inference.placement import candidates
from inference.placement.timing_store import FORGET_AFTER, PACE, PACE_S, QUEUE, RECENT_S, Observation, Records, observe, timings

pytestmark = pytest.mark.django_db
TIMES = {"whole_ms": 50.0, "head_ms": {"1": 10.0}, "tail_ms": {"1": 40.0}}
MEASURED = {"name": "compact", "digest": "d", "tasks": {"vqa": TIMES, "caption": TIMES}}
PART = "compact/vqa/whole"


def observed(ms: float, times: int = FORGET_AFTER, part: str = PART) -> None:
    for _ in range(times):
        observe(Observation("jetson-a", part, ms))


def test_without_observations_the_measured_time_counts() -> None:
    assert timings("jetson-a", MEASURED).whole("vqa") == 50.0


def test_a_lasting_change_is_followed_within_a_few_questions() -> None:
    observed(50.0)
    observed(90.0, 6)
    assert timings("jetson-a", MEASURED).whole("vqa") == pytest.approx(90, rel=0.15)


def test_one_outlier_changes_little() -> None:
    observed(50.0, 5)
    observed(5000.0, 1)
    assert timings("jetson-a", MEASURED).whole("vqa") < 80


def test_a_time_of_zero_can_grow_again() -> None:
    observed(0.0, 3)
    observed(20.0, 12)
    assert timings("jetson-a", MEASURED).whole("vqa") > 15


def test_load_slows_unobserved_parts_like_observed_ones() -> None:
    observed(50.0, 3)
    observed(100.0, 6)
    result = timings("jetson-a", MEASURED)
    assert result.whole("caption") == pytest.approx(100, rel=0.25)
    assert result.tail("vqa", 1) == pytest.approx(80, rel=0.25)


def test_a_slow_node_is_expected_to_recover_after_a_while() -> None:
    observed(50.0, 5)
    observed(100.0, 3)
    busy = timings("jetson-a", MEASURED)
    old = timezone.now() - timedelta(seconds=4 * PACE_S)
    NodeProfile.objects.filter(part=PACE[False]).update(updated=old)
    later = timings("jetson-a", MEASURED)
    assert busy.whole("vqa") > 80
    assert later.whole("vqa") < 70
    assert later.whole("caption") < busy.whole("caption")


def test_overhead_observed_on_one_route_counts_for_the_others() -> None:
    for part in ("compact/overhead/split", "compact/overhead/device"):
        observed(20.0, 4, part)
    observed(40.0, 3, "compact/overhead/device")
    assert timings("jetson-a", MEASURED).overhead("split", candidates.calls()) > 28


def test_a_recent_wait_is_expected_and_later_forgotten() -> None:
    observed(300.0, 4, QUEUE)
    assert Records("jetson-a").waited_ms("jetson-a") == pytest.approx(300)
    old = timezone.now() - timedelta(seconds=RECENT_S + 1)
    NodeProfile.objects.filter(part=QUEUE).update(updated=old)
    assert Records("jetson-a").waited_ms("jetson-a") == 0.0
