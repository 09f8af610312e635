"""Secure aggregation: sums are exact, and nothing else can be read."""

from itertools import combinations

import numpy as np
import pytest

from federation.app.privacy.secure_aggregation import Collector, Masked, Member, Refused, stream, threshold

COUNT, BITS = 4096, 4


class Cohort:
    """Clients 1…n with one set of keys for all tests of a module, as a run has for all its rounds."""

    def __init__(self, size: int) -> None:
        self.members = {number: Member.new() for number in range(1, size + 1)}
        self.public = {number: member.public for number, member in self.members.items()}
        self.exchange = 0

    def codes(self, number: int) -> np.ndarray:
        return np.random.default_rng(number).integers(0, 2, COUNT).astype(np.uint32)

    def upload(self, lost: tuple[int, ...] = (), bits: int = BITS) -> Collector:
        self.exchange += 1
        collector = Collector(self.exchange, bits, self.public)
        for number, member in self.members.items():
            if number not in lost:
                collector.masked[number] = member.mask(self.exchange, self.codes(number), bits, number, self.public)
        return collector

    def open(self, collector: Collector, silent: tuple[int, ...] = ()) -> Collector:
        for number in collector.masked.keys() - set(silent):
            shares = collector.shares_for(number)
            collector.answers[number] = self.members[number].open(
                collector.exchange, number, self.public, collector.masked, shares
            )
        return collector


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return Cohort(5)


@pytest.mark.parametrize("lost", [clients for count in range(3) for clients in combinations(range(1, 6), count)])
def test_the_sum_is_exact_whoever_is_lost_before_the_upload(cohort: Cohort, lost: tuple[int, ...]) -> None:
    collector = cohort.open(cohort.upload(lost))
    expected = sum(cohort.codes(number) for number in range(1, 6) if number not in lost)
    assert (collector.total() == expected).all()


@pytest.mark.parametrize("silent", [clients for count in range(1, 3) for clients in combinations(range(1, 6), count)])
def test_the_sum_is_exact_whoever_is_lost_after_the_upload(cohort: Cohort, silent: tuple[int, ...]) -> None:
    collector = cohort.open(cohort.upload(), silent)
    assert (collector.total() == sum(cohort.codes(number) for number in range(1, 6))).all()


@pytest.mark.parametrize("bits", [4, 5, 12, 32])
def test_the_sum_is_exact_in_every_ring(cohort: Cohort, bits: int) -> None:
    assert (cohort.open(cohort.upload(bits=bits)).total() == sum(cohort.codes(number) for number in range(1, 6))).all()


def test_too_many_lost_give_no_sum(cohort: Cohort) -> None:
    with pytest.raises(Refused, match="Too few clients sent"):
        cohort.upload((1, 2, 3)).total()
    with pytest.raises(Refused, match="Too many clients were lost"):
        cohort.open(cohort.upload(), (1, 2, 3)).total()


def test_what_the_server_receives_is_uniform_and_tells_nothing_of_the_update(cohort: Cohort) -> None:
    """χ² with 15 degrees of freedom over 4096 numbers: below 45 but for one time in ten thousand."""
    update = np.ones(COUNT, np.uint32)
    received = cohort.members[1].mask(_next(cohort), update, BITS, 1, cohort.public).codes
    counts = np.bincount(received, minlength=16)
    assert float(((counts - COUNT / 16) ** 2 / (COUNT / 16)).sum()) < 45


def test_what_the_server_receives_does_not_follow_the_update(cohort: Cohort) -> None:
    update = np.random.default_rng(0).integers(0, 16, COUNT).astype(np.uint32)
    received = cohort.members[1].mask(_next(cohort), update, BITS, 1, cohort.public).codes
    assert abs(np.corrcoef(update, received)[0, 1]) < 0.07  # 4.5 standard deviations
    assert (update == received).mean() == pytest.approx(1 / 16, abs=0.02)


def test_a_server_that_pretends_a_client_was_lost_cannot_read_it(cohort: Cohort) -> None:
    """It then has all the masks that the others share with it, but not the one of its own."""
    collector = cohort.upload()
    victim = collector.masked.pop(1)
    cohort.open(collector)
    assert all(1 not in opened.shares for opened in collector.answers.values())
    seen = victim.codes.copy()
    for peer, opened in collector.answers.items():
        mask = stream(opened.seeds[1], COUNT, BITS)
        seen = (seen - mask if peer > 1 else seen + mask) % 16
    assert abs(np.corrcoef(seen, cohort.codes(1))[0, 1]) < 0.07


def test_a_share_can_be_read_by_nobody_but_its_addressee(cohort: Cohort) -> None:
    collector = cohort.upload()
    own = cohort.members[1].share
    sent = list(collector.masked[1].shares.values())
    assert own not in sent
    assert len(set(sent)) == 4


def test_a_client_tells_one_story_about_who_was_lost_and_no_second(cohort: Cohort) -> None:
    collector = cohort.open(cohort.upload())
    with pytest.raises(Refused, match="asked twice"):
        cohort.members[2].open(collector.exchange, 2, cohort.public, {2, 3, 4}, {})


def test_a_client_does_not_open_for_fewer_than_half(cohort: Cohort) -> None:
    collector = cohort.upload()
    with pytest.raises(Refused, match="Too few clients are left"):
        cohort.members[2].open(collector.exchange, 2, cohort.public, {2, 3}, {})


def test_no_mask_serves_twice(cohort: Cohort) -> None:
    collector = cohort.upload()
    with pytest.raises(Refused, match="second update"):
        cohort.members[1].mask(collector.exchange, cohort.codes(1), BITS, 1, cohort.public)


def test_two_rounds_have_different_masks(cohort: Cohort) -> None:
    first, second = cohort.upload().masked[1].codes, cohort.upload().masked[1].codes
    assert (first == second).mean() == pytest.approx(1 / 16, abs=0.02)


@pytest.mark.parametrize("keys", ["two", "own", "damaged"])
def test_keys_that_hide_nothing_are_refused(cohort: Cohort, keys: str) -> None:
    public = {
        "two": {1: cohort.public[1], 2: cohort.public[2]},
        "own": {**cohort.public, 1: cohort.public[2]},
        "damaged": {**cohort.public, 2: b"nothing"},
    }[keys]
    with pytest.raises(Refused):
        cohort.members[1].mask(_next(cohort), cohort.codes(1), BITS, 1, public)


def test_a_damaged_share_gives_no_sum(cohort: Cohort) -> None:
    collector = cohort.upload()
    masked = collector.masked[1]
    collector.masked[1] = Masked(masked.codes, dict.fromkeys(masked.shares, b""))
    with pytest.raises(Refused):
        cohort.open(collector).total()


def test_more_than_half_must_tell() -> None:
    assert [threshold(count) for count in (3, 4, 5, 10)] == [2, 3, 3, 6]


def _next(cohort: Cohort) -> int:
    cohort.exchange += 1
    return cohort.exchange
