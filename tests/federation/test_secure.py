"""Secure aggregation: sums are exact, and nothing else can be read."""

from itertools import combinations

import numpy as np
import pytest

from federation.app.errors import Refused
from federation.app.privacy.participants import Identity, Participant, Roster
from federation.app.privacy.secure_aggregation import Collector, Masked, Member, stream, threshold

COUNT, BITS, RUN = 4096, 4, 7


class Cohort:
    """Clients 1…n with one set of keys for all tests of a module, as a run has for all its rounds."""

    def __init__(self, size: int) -> None:
        self.members = {number: Member.new() for number in range(1, size + 1)}
        self.identities = {number: Identity(bytes([number]) * 32) for number in self.members}
        advertised = {n: self.identities[n].advertise(RUN, member.public) for n, member in self.members.items()}
        self.roster = Roster(advertised)
        self.exchange = 0

    def codes(self, number: int) -> np.ndarray:
        return np.random.default_rng(number).integers(0, 2, COUNT).astype(np.uint32)

    def upload(self, lost: tuple[int, ...] = (), bits: int = BITS) -> Collector:
        self.exchange += 1
        collector = Collector(self.exchange, bits, self.roster)
        for number, member in self.members.items():
            if number not in lost:
                collector.masked[number] = member.mask(self.exchange, self.codes(number), bits, number, self.roster)
        return collector

    def agree(self, collector: Collector) -> Collector:
        for number in collector.masked:
            member, identity = self.members[number], self.identities[number]
            signature = member.agree(collector.exchange, number, self.roster, collector.masked, identity)
            collector.signatures[number] = signature
        return collector

    def open(self, collector: Collector, silent: tuple[int, ...] = ()) -> Collector:
        self.agree(collector)
        for number in collector.masked.keys() - set(silent):
            shares = collector.shares_for(number)
            collector.answers[number] = self.members[number].open(
                collector.exchange, number, self.roster, collector.signatures, shares
            )
        return collector


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return Cohort(5)


@pytest.mark.parametrize("lost", [clients for count in range(2) for clients in combinations(range(1, 6), count)])
def test_the_sum_is_exact_whoever_is_lost_before_the_upload(cohort: Cohort, lost: tuple[int, ...]) -> None:
    collector = cohort.open(cohort.upload(lost))
    expected = sum(cohort.codes(number) for number in range(1, 6) if number not in lost)
    assert (collector.total() == expected).all()


@pytest.mark.parametrize("silent", [(client,) for client in range(1, 6)])
def test_the_sum_is_exact_whoever_is_lost_after_the_upload(cohort: Cohort, silent: tuple[int, ...]) -> None:
    collector = cohort.open(cohort.upload(), silent)
    assert (collector.total() == sum(cohort.codes(number) for number in range(1, 6))).all()


@pytest.mark.parametrize("bits", [4, 5, 12, 32])
def test_the_sum_is_exact_in_every_ring(cohort: Cohort, bits: int) -> None:
    assert (cohort.open(cohort.upload(bits=bits)).total() == sum(cohort.codes(number) for number in range(1, 6))).all()


def test_too_many_lost_give_no_sum(cohort: Cohort) -> None:
    with pytest.raises(Refused, match="3 of 5 clients are left; secure aggregation needs 4"):
        cohort.upload((1, 2)).total()
    with pytest.raises(Refused, match="Too many clients were lost"):
        cohort.open(cohort.upload(), (1, 2)).total()


def test_what_the_server_receives_is_uniform_and_tells_nothing_of_the_update(cohort: Cohort) -> None:
    """χ² with 15 degrees of freedom over 4096 numbers: below 45 but for one time in ten thousand."""
    update = np.ones(COUNT, np.uint32)
    received = cohort.members[1].mask(_next(cohort), update, BITS, 1, cohort.roster).codes
    counts = np.bincount(received, minlength=16)
    assert float(((counts - COUNT / 16) ** 2 / (COUNT / 16)).sum()) < 45


def test_what_the_server_receives_does_not_follow_the_update(cohort: Cohort) -> None:
    update = np.random.default_rng(0).integers(0, 16, COUNT).astype(np.uint32)
    received = cohort.members[1].mask(_next(cohort), update, BITS, 1, cohort.roster).codes
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
    with pytest.raises(Refused, match="second account"):
        cohort.members[2].agree(collector.exchange, 2, cohort.roster, {2, 3, 4, 5}, cohort.identities[2])
    with pytest.raises(Refused, match="asked twice"):
        cohort.members[2].open(collector.exchange, 2, cohort.roster, collector.signatures, {})


def test_the_same_account_may_be_asked_for_again_when_the_reply_was_lost(cohort: Cohort) -> None:
    collector = cohort.agree(cohort.upload())
    again = cohort.members[2].agree(collector.exchange, 2, cohort.roster, collector.masked, cohort.identities[2])
    assert again == collector.signatures[2]


def test_a_client_reveals_nothing_before_enough_others_signed_the_same_account(cohort: Cohort) -> None:
    collector = cohort.agree(cohort.upload())
    forged = {**collector.signatures, 1: collector.signatures[2], 3: b"", 9: collector.signatures[4]}
    with pytest.raises(Refused, match="Too few clients signed"):
        cohort.members[2].open(collector.exchange, 2, cohort.roster, forged, collector.shares_for(2))


def test_a_client_does_not_sign_for_two_thirds_or_fewer(cohort: Cohort) -> None:
    collector = cohort.upload()
    with pytest.raises(Refused, match="Too few clients are left"):
        cohort.members[2].agree(collector.exchange, 2, cohort.roster, {2, 3, 4}, cohort.identities[2])


def test_no_mask_serves_twice(cohort: Cohort) -> None:
    collector = cohort.upload()
    with pytest.raises(Refused, match="second update"):
        cohort.members[1].mask(collector.exchange, cohort.codes(1), BITS, 1, cohort.roster)


def test_two_rounds_have_different_masks(cohort: Cohort) -> None:
    first, second = cohort.upload().masked[1].codes, cohort.upload().masked[1].codes
    assert (first == second).mean() == pytest.approx(1 / 16, abs=0.02)


def test_a_list_without_ones_own_key_is_refused(cohort: Cohort) -> None:
    swapped = Roster({**cohort.roster.members, 1: cohort.roster.members[2], 2: cohort.roster.members[1]})
    for roster in (swapped, Roster({n: member for n, member in cohort.roster.members.items() if n != 1})):
        with pytest.raises(Refused, match="own key"):
            cohort.members[1].mask(_next(cohort), cohort.codes(1), BITS, 1, roster)


def test_a_damaged_key_is_refused(cohort: Cohort) -> None:
    roster = Roster({**cohort.roster.members, 2: Participant(b"nothing", b"", b"")})
    with pytest.raises(Refused, match="damaged"):
        cohort.members[1].mask(_next(cohort), cohort.codes(1), BITS, 1, roster)


def test_a_damaged_share_gives_no_sum(cohort: Cohort) -> None:
    collector = cohort.upload()
    masked = collector.masked[1]
    collector.masked[1] = Masked(masked.codes, dict.fromkeys(masked.shares, b""))
    with pytest.raises(Refused):
        cohort.open(collector).total()


def test_more_than_two_thirds_must_reveal_their_shares() -> None:
    assert [threshold(count) for count in (3, 4, 5, 6, 9, 10)] == [3, 3, 4, 5, 7, 7]


def _next(cohort: Cohort) -> int:
    cohort.exchange += 1
    return cohort.exchange
