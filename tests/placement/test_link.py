"""The link estimate: exact on clean data, robust to noise, quick after a change, and unknown where it cannot be known."""

import itertools
import math
import random
import statistics

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from inference.placement.link import LinkEstimate, Transfer, estimate, needs_probe

NOW = 1_000_000.0
SIZES = (256, 612, 16384, 1400, 40_000, 612, 120_000, 9000)


def _series(
    sizes: tuple[int, ...], rate: float, rtt_s: float, start: float = NOW, noise: float = 0.0, seed: int = 1
) -> list[Transfer]:
    """One transfer a second; `noise` is the deviation of the logarithm of its time."""
    chance = random.Random(seed)
    return [Transfer(start + i, size, (rtt_s + size / rate) * math.exp(chance.gauss(0, noise))) for i, size in enumerate(sizes)]


def test_without_transfers_the_link_is_unknown_and_needs_a_probe() -> None:
    link = estimate([], NOW)
    assert link == LinkEstimate(None, None, None, "unknown")
    assert needs_probe(link)


@given(
    rate=st.floats(5_000, 5_000_000),
    rtt_s=st.floats(0.0, 0.2),
    sizes=st.lists(st.integers(200, 200_000), min_size=2, max_size=40),
)
def test_clean_transfers_give_bandwidth_and_round_trip_within_a_tenth(rate: float, rtt_s: float, sizes: list[int]) -> None:
    link = estimate(_series(tuple(sizes), rate, rtt_s), NOW + 40)
    assume(link.source == "transfers")
    assert link.up_bytes_per_s == pytest.approx(rate, rel=0.1)
    assert link.rtt_ms is not None and link.rtt_ms == pytest.approx(rtt_s * 1000, abs=1 + rtt_s * 100)


@pytest.mark.parametrize("rate", [10_000, 50_000, 250_000, 1_000_000])
@pytest.mark.parametrize("rtt_s", [0.0005, 0.02, 0.1])
def test_two_probes_are_enough_on_a_clean_link(rate: int, rtt_s: float) -> None:
    link = estimate(_series((256, 16384), rate, rtt_s), NOW + 2)
    assert link.up_bytes_per_s is not None
    if link.source == "transfers":
        assert link.up_bytes_per_s == pytest.approx(rate, rel=0.1)
    else:
        assert link.up_bytes_per_s <= rate * 1.1
    assert not needs_probe(link)


@given(
    rate=st.floats(1_000, 1e9), rtt_s=st.floats(0.0001, 0.5), sizes=st.lists(st.integers(1, 300_000), min_size=1, max_size=40)
)
def test_bandwidth_is_never_overestimated(rate: float, rtt_s: float, sizes: list[int]) -> None:
    link = estimate(_series(tuple(sizes), rate, rtt_s), NOW + 60)
    assert link.up_bytes_per_s is None or link.up_bytes_per_s <= rate * 1.1


@given(
    st.lists(
        st.builds(Transfer, st.floats(allow_nan=True), st.integers(-5, 10**9), st.floats(allow_nan=True, allow_infinity=True)),
        max_size=45,
    )
)
def test_malformed_transfers_never_give_infinite_or_negative_numbers(transfers: list[Transfer]) -> None:
    link = estimate(transfers, NOW)
    for value in (link.up_bytes_per_s, link.rtt_ms, link.age_s):
        assert value is None or (math.isfinite(value) and value >= 0)
    assert link.up_bytes_per_s != 0


@pytest.mark.parametrize("seed", range(20))
def test_small_transfers_alone_give_no_bandwidth(seed: int) -> None:
    sizes = tuple(random.Random(seed).choice((256, 300, 612, 640, 900)) for _ in range(20))
    link = estimate(_series(sizes, 1_000_000, 0.03, noise=0.2, seed=seed), NOW + 20)
    assert link.up_bytes_per_s is None
    assert link.source == "small transfers"
    assert link.rtt_ms == pytest.approx(31, rel=0.3)
    assert needs_probe(link)


def test_a_link_too_fast_to_time_has_a_lower_bound() -> None:
    times = (0.00031, 0.0003, 0.00033, 0.00029)
    link = estimate([Transfer(NOW + i, s, t) for i, (s, t) in enumerate(zip((256, 16384) * 2, times, strict=True))], NOW + 4)
    assert link.source == "lower bound"
    assert link.up_bytes_per_s is not None and link.up_bytes_per_s > 10_000_000


def test_large_transfers_of_one_size_give_a_lower_bound() -> None:
    link = estimate(_series((50_000,) * 5, 250_000, 0.02), NOW + 5)
    assert (link.source, link.rtt_ms) == ("lower bound", None)
    assert 200_000 < (link.up_bytes_per_s or 0) <= 250_000


@pytest.mark.parametrize("seed", range(30))
def test_noise_of_a_tenth_moves_the_estimate_by_less_than_a_quarter(seed: int) -> None:
    link = estimate(_series(SIZES * 3, 250_000, 0.02, noise=0.1, seed=seed), NOW + 24)
    assert link.up_bytes_per_s == pytest.approx(250_000, rel=0.25)


@pytest.mark.parametrize("place", [i for i, size in enumerate(SIZES) if size < 2000])
def test_one_slow_small_transfer_changes_nothing(place: int) -> None:
    transfers = _series(SIZES * 2, 250_000, 0.02)
    hit = len(SIZES) + place
    transfers[hit] = Transfer(transfers[hit].at_s, transfers[hit].bytes, 0.3)
    assert estimate(transfers, NOW + 100).up_bytes_per_s == pytest.approx(250_000, rel=0.1)


def test_a_last_small_transfer_that_contradicts_needs_a_probe() -> None:
    transfers = [*_series(SIZES, 250_000, 0.02), Transfer(NOW + 9, 612, 0.5)]
    link = estimate(transfers, NOW + 10)
    assert link.doubtful and needs_probe(link)


@pytest.mark.parametrize("rtt_s", [0.001, 0.02])
@pytest.mark.parametrize("first", [16_384, 40_000, 120_000])
@pytest.mark.parametrize(("was", "now"), [(1_000_000, 100_000), (250_000, 50_000), (100_000, 1_000_000), (1_000_000, 50_000)])
def test_a_change_is_noticed_after_at_most_two_transfers(was: int, now: int, first: int, rtt_s: float) -> None:
    before = _series(SIZES * 3, was, rtt_s, noise=0.03)
    after = _series((first, 30_000), now, rtt_s, start=NOW + 30, noise=0.03, seed=2)
    link = estimate([*before, *after], NOW + 33)
    assert link.up_bytes_per_s == pytest.approx(now, rel=0.25)


def test_a_drop_shown_by_one_large_transfer_counts_at_once() -> None:
    transfers = [*_series(SIZES * 2, 1_000_000, 0.01), Transfer(NOW + 20, 40_000, 0.01 + 0.4)]
    link = estimate(transfers, NOW + 21)
    assert link.up_bytes_per_s == pytest.approx(100_000, rel=0.1)


def test_a_drop_shown_only_by_small_transfers_lowers_confidence() -> None:
    after = _series((612, 640), 10_000, 0.01, start=NOW + 20)
    link = estimate([*_series(SIZES * 2, 1_000_000, 0.01), *after], NOW + 23)
    assert needs_probe(link) or (link.up_bytes_per_s or 0) < 30_000


def test_a_probe_after_a_drop_settles_it() -> None:
    after = _series((612, 256, 16384), 50_000, 0.01, start=NOW + 20)
    link = estimate([*_series(SIZES * 2, 1_000_000, 0.01), *after], NOW + 24)
    assert link.up_bytes_per_s == pytest.approx(50_000, rel=0.1)
    assert not needs_probe(link)


def test_old_transfers_are_ignored() -> None:
    old = _series(SIZES, 1_000_000, 0.01)
    new = _series((256, 16384), 800_000, 0.01, start=NOW + 5000)
    assert estimate([*old, *new], NOW + 5002).up_bytes_per_s == estimate(new, NOW + 5002).up_bytes_per_s


def test_an_old_probe_counts_while_only_small_packets_followed() -> None:
    small = _series((600, 640, 560, 700) * 8, 250_000, 0.02, start=NOW + 2, noise=0.03)
    link = estimate([*_series((256, 16384), 250_000, 0.02), *small], NOW + 40)
    assert link.source == "transfers"
    assert link.up_bytes_per_s == pytest.approx(250_000, rel=0.15)


def test_the_estimate_states_its_uncertainty() -> None:
    by_noise = [
        [estimate(_series(SIZES * 2, 250_000, 0.02, noise=noise, seed=n), NOW + 20) for n in range(20)] for noise in (0.02, 0.2)
    ]
    calm, wild = ([link.within or 0 for link in some] for some in by_noise)
    assert statistics.median(calm) < 0.03 < 0.05 < statistics.median(wild) < 0.3
    errors = [abs((link.up_bytes_per_s or 0) / 250_000 - 1) for link in by_noise[1]]
    assert statistics.median(errors) < 2 * statistics.median(wild)


def test_an_old_estimate_needs_a_probe() -> None:
    transfers = _series(SIZES, 250_000, 0.02)
    young, old = estimate(transfers, NOW + 10), estimate(transfers, NOW + 1000)
    assert young.age_s == pytest.approx(3) and not needs_probe(young)
    assert old.age_s == pytest.approx(993) and needs_probe(old)


def test_a_clock_set_back_gives_no_negative_age() -> None:
    assert estimate(_series(SIZES, 250_000, 0.02), NOW - 50).age_s == 0


def test_a_walk_of_many_changes_is_followed() -> None:
    """Ten regimes of six transfers: after each regime the estimate is that of the regime."""
    chance, transfers, wrong = random.Random(7), [], 0
    for number, rate in enumerate(itertools.islice(itertools.cycle((1_000_000, 100_000, 400_000, 50_000)), 10)):
        sizes = tuple(chance.choice((612, 16384, 40_000, 90_000)) for _ in range(6))
        transfers += _series(sizes, rate, 0.005, start=NOW + 10 * number, noise=0.05, seed=number)
        link = estimate(transfers[-40:], NOW + 10 * number + 6).up_bytes_per_s
        wrong += link is None or abs(link - rate) > 0.25 * rate
    assert wrong == 0
