"""Link samples: stored, newest first, deleted when they expire."""

import random
import statistics
from datetime import timedelta

import pytest
from django.utils import timezone

from devices.models import Sample
from devices.telemetry import links
from inference.answering.link_probe import PROBE_BYTES
from inference.placement.fleet import link_of
from inference.placement.link import needs_probe


def test_the_newest_come_first() -> None:
    for size in (1000, 2000, 3000):
        links.record("jetson-a", size, 0.01, None, "transfer")
    assert [sample.bytes for sample in links.recent("jetson-a", 2)] == [3000, 2000]
    assert links.recent("jetson-b", 2) == []


@pytest.mark.parametrize(
    ("size", "seconds"), [(0, 1.0), (-5, 1.0), (10, 0.0), (10, -1.0), (10, float("nan")), (10, float("inf"))]
)
def test_an_implausible_transfer_is_dropped(size: int, seconds: float) -> None:
    links.record("jetson-a", size, seconds, None, "transfer")
    assert not Sample.objects.exists()


def test_the_displayed_estimate_is_the_one_placement_uses() -> None:
    for size in (256, 16_384, 65_536):
        links.record("jetson-a", size, 0.02 + size / 250_000, None, "probe")
    estimate = links.estimate("jetson-a")
    assert estimate is not None
    assert estimate["up_bytes_per_s"] == pytest.approx(250_000, rel=0.05)
    assert estimate["rtt_ms"] == pytest.approx(20, abs=5)
    assert links.estimate("jetson-b") is None


def test_a_chart_gets_the_last_minutes_oldest_first_and_not_more_than_it_can_show() -> None:
    for size in (1, 2, 3, 4):
        links.record("jetson-a", size, 0.01, None, "transfer")
    Sample.objects.filter(bytes=1).update(at=timezone.now() - timedelta(minutes=11))
    assert [row["bytes"] for row in links.since("jetson-a", 600)] == [2, 3, 4]
    assert [row["bytes"] for row in links.since("jetson-a", 600, at_most=2)] == [3, 4]


def test_large_transfers_remain_evidence_after_many_small_ones() -> None:
    links.record("jetson-a", 16_384, 0.1, None, "probe")
    for size in range(1, 40):
        links.record("jetson-a", 500 + size, 0.01, None, "transfer")
    sizes = [sample.bytes for sample in links.evidence("jetson-a")]
    assert sizes[0] == 16_384
    assert sizes[-1] == 539
    Sample.objects.filter(bytes=16_384).update(at=timezone.now() - timedelta(seconds=links.LARGE_S + 1))
    assert 16_384 not in [sample.bytes for sample in links.evidence("jetson-a")]


@pytest.mark.parametrize("seed", range(3))
def test_the_bandwidth_from_two_changes_ago_does_not_come_back(seed: int) -> None:
    """After many small photos the newest transfers hold nothing of the last change, but large ones from before it remain."""
    chance, errors = random.Random(seed), []

    def transfer(count: int, rate: int) -> None:
        late = chance.uniform(0, 0.02) if chance.random() < 0.08 else 0.0
        links.record("jetson-a", count, 0.0012 + count / rate + chance.expovariate(2500) + late, None, "transfer")

    for rate, times, least, most in ((1_000_000, 15, 4500, 13000), (100_000, 13, 550, 1800), (300_000, 50, 600, 2100)):
        for number in range(times):
            transfer(chance.randrange(least, most), rate)
            if needs_probe(link_of("jetson-a")):  # as execute.learn does
                for count in PROBE_BYTES:
                    transfer(count, rate)
            if number > 3:
                errors.append(abs((link_of("jetson-a").up_bytes_per_s or 0) - rate) / rate)
    assert statistics.median(errors) < 0.05
    assert sum(error > 0.3 for error in errors) / len(errors) < 0.05
