"""A server that lies about who was lost, or about whose keys are whose, learns no sum of few clients."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from flwr.app import Context, RecordDict
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.app.client_state import ClientState
from federation.app.errors import Refused
from federation.app.privacy import secure_aggregation
from federation.app.privacy.participants import Identity, Participant, Roster, fingerprint_of, trusted_peers
from federation.app.privacy.secure_aggregation import Collector, Masked, Member, Opened, stream, threshold

COUNT, BITS, RUN = 64, 8, 3
Account = frozenset[int]


class Clients:
    """Honest clients 1 … size, of which the server may have taken over some."""

    def __init__(self, size: int) -> None:
        self.numbers = range(1, size + 1)
        self.members = {number: Member.new() for number in self.numbers}
        self.identities = {number: Identity(bytes([number]) * 32) for number in self.numbers}
        self.roster = Roster({n: self.identities[n].advertise(RUN, self.members[n].public) for n in self.numbers})
        self.exchange = 0

    def codes(self, number: int) -> np.ndarray:
        return np.random.default_rng(number).integers(0, 2**BITS, COUNT).astype(np.uint32)

    def upload(self) -> dict[int, Masked]:
        self.exchange += 1
        return {
            number: member.mask(self.exchange, self.codes(number), BITS, number, self.roster)
            for number, member in self.members.items()
        }

    def attack(self, masked: Mapping[int, Masked], accounts: Mapping[int, list[Account]], taken: Account) -> dict[int, Opened]:
        """What the honest clients reveal when each is given its accounts one after the other, and then every signature that
        anybody made. Those in `taken` sign whatever the server likes."""
        signed: dict[Account, dict[int, bytes]] = defaultdict(dict)
        honest = set(self.numbers) - taken
        for number in honest:
            for account in accounts.get(number, []):
                try:
                    signature = self.members[number].agree(self.exchange, number, self.roster, account, self.identities[number])
                except Refused:
                    continue
                signed[account][number] = signature
        for account, signatures in signed.items():
            for number in taken & account:
                signatures[number] = self.identities[number].sign_alive(self.roster, self.exchange, number, account)
        answers = {}
        for number in honest:
            member = self.members[number]
            shares = {peer: update.shares[number] for peer, update in masked.items() if number in update.shares}
            signatures = signed.get(member.alive, {}) if member.agreed == self.exchange else {}
            try:
                answers[number] = member.open(self.exchange, number, self.roster, signatures, shares)
            except Refused:
                continue
        return answers


@cache
def clients(size: int) -> Clients:
    return Clients(size)


def readable_sums(group: Clients, answers: Mapping[int, Opened], taken: Account) -> Iterator[set[int]]:
    """The smallest sets of honest clients whose sum the server can compute: every self mask in the set is known, and so is
    every pairwise mask between a client in it and one outside. These are connected components over the unknown masks."""
    honest = set(group.numbers) - taken
    known_pairs = {frozenset({number, peer}) for number, opened in answers.items() for peer in opened.seeds}
    holders: dict[int, set[int]] = {number: set(taken) for number in honest}
    for holder, opened in answers.items():
        for owner in opened.shares.keys() & honest:
            holders[owner].add(holder)
    left = set(honest)
    while left:
        component, border = set(), {left.pop()}
        while border:
            number = border.pop()
            component.add(number)
            border |= {peer for peer in left if frozenset({number, peer}) not in known_pairs}
            left -= border
        if all(len(holders[number]) >= secure_aggregation.threshold(len(group.numbers)) for number in component):
            yield component


def accounts_that_isolate(size: int, least: int) -> dict[int, list[Account]]:
    """Client 1, the victim, hears that as many as may be were lost, these that nobody was, and the rest that the victim was."""
    everybody = frozenset(range(1, size + 1))
    deceived = frozenset(range(least + 1, size + 1))
    return {
        number: [everybody - deceived if number == 1 else everybody if number in deceived else everybody - {1}]
        for number in everybody
    }


@pytest.mark.parametrize("size", range(3, 13))
def test_two_accounts_of_who_was_lost_do_not_isolate_a_client(size: int) -> None:
    group = clients(size)
    answers = group.attack(group.upload(), accounts_that_isolate(size, threshold(size)), frozenset())
    assert [sorted(component) for component in readable_sums(group, answers, frozenset())] == []


@pytest.mark.parametrize("size", [3, 5, 7, 9, 11])
def test_that_attack_reads_a_client_exactly_where_half_suffices_and_nobody_compares(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same attack on a protocol without the two defences: it must succeed, or the test above shows nothing."""
    monkeypatch.setattr(secure_aggregation, "threshold", lambda count: count // 2 + 1)
    monkeypatch.setattr(Roster, "agree", lambda self, exchange, alive, signatures: len(self.members))
    group = clients(size)
    masked = group.upload()
    answers = group.attack(masked, accounts_that_isolate(size, size // 2 + 1), frozenset())
    assert {1} in list(readable_sums(group, answers, frozenset()))
    collector = Collector(group.exchange, BITS, group.roster, {1: masked[1]}, {}, answers)
    for peer, opened in answers.items():
        if peer != 1 and 1 in opened.seeds:
            answers[1].seeds[peer] = opened.seeds[1]
    monkeypatch.setattr(Collector, "check_left", lambda self, count: None)
    assert (collector.total() == group.codes(1)).all()


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_whatever_accounts_a_server_gives_no_small_sum_can_be_read(data: st.DataObject) -> None:
    """With less than a third of the clients on its side, it learns at best the sum of the others that a threshold leaves."""
    size = data.draw(st.integers(3, 12), "clients")
    group = clients(size)
    taken = frozenset(data.draw(st.sets(st.sampled_from(list(group.numbers)), max_size=(size - 1) // 3), "taken"))
    everybody = frozenset(group.numbers)
    most = size - threshold(size)
    victim = data.draw(st.sampled_from(list(group.numbers)), "victim")
    lost = data.draw(st.frozensets(st.sampled_from(sorted(everybody - {victim})), min_size=most, max_size=most), "lost")
    accounts = {n: [everybody - lost if n == victim else everybody if n in lost else everybody - {victim}] for n in everybody}
    pool = st.sampled_from([everybody, everybody - {victim}, everybody - lost, everybody - lost - {victim}])
    for number in data.draw(st.sets(st.sampled_from(list(group.numbers)), max_size=2), "others hear something else"):
        accounts[number] = [data.draw(pool), *accounts[number]]
    masked = group.upload()
    answers = group.attack(masked, accounts, taken)
    for component in readable_sums(group, answers, taken):
        assert len(component) >= threshold(size) - len(taken)


@pytest.mark.parametrize("size", range(3, 13))
def test_an_honest_server_gets_the_exact_sum_at_every_size(size: int) -> None:
    group = clients(size)
    masked = group.upload()
    lost = set(range(threshold(size) + 1, size + 1))  # as many as may be
    for number in lost:
        del masked[number]
    answers = group.attack(masked, {number: [frozenset(masked)] for number in masked}, frozenset())
    collector = Collector(group.exchange, BITS, group.roster, masked, {}, answers)
    assert (collector.total() == sum(group.codes(number) for number in masked) % 2**BITS).all()


def test_lists_that_differ_between_clients_open_nothing() -> None:
    """Half of the clients are given a list in which the server has put a key of its own in the place of client 4's."""
    size = 6
    group = Clients(size)
    stranger = Identity(b"server").advertise(RUN, Member.new().public)
    other = Roster({**group.roster.members, 4: stranger})
    rosters = {number: other if number < 4 else group.roster for number in group.numbers}
    everybody = frozenset(group.numbers)
    masked, signatures = {}, {}
    for number, member in group.members.items():
        masked[number] = member.mask(1, group.codes(number), BITS, number, rosters[number])
        signatures[number] = member.agree(1, number, rosters[number], everybody, group.identities[number])
    for number, member in group.members.items():
        with pytest.raises(Refused, match="Too few clients signed"):
            member.open(1, number, rosters[number], signatures, {})


def test_a_signature_counts_for_its_own_exchange_client_and_run_only() -> None:
    group = Clients(4)
    everybody = frozenset(group.numbers)
    signatures = {n: group.identities[n].sign_alive(group.roster, 5, n, everybody) for n in group.numbers}
    assert group.roster.agree(5, everybody, signatures) == 4
    assert group.roster.agree(6, everybody, signatures) == 0
    assert group.roster.agree(5, everybody - {1}, signatures) == 0
    assert group.roster.agree(5, everybody, {1: signatures[2], 2: signatures[1]}) == 0
    with pytest.raises(Refused, match="not signed by its node"):
        group.roster.check(RUN + 1, None)


def test_a_key_that_the_server_put_in_is_refused() -> None:
    group = Clients(4)
    roster, own = group.roster, Member.new().public
    group.roster.check(RUN, None)
    genuine = roster.members[2]
    for false in (Participant(own, genuine.identity, genuine.signature), Participant(own, b"", b"")):
        with pytest.raises(Refused, match="The key of client 2 is not signed"):
            Roster({**roster.members, 2: false}).check(RUN, None)
    with pytest.raises(Refused, match="Two clients have one key"):
        Roster({**roster.members, 5: genuine}).check(RUN, None)
    with pytest.raises(Refused, match="at least 3 clients"):
        Roster({1: roster.members[1], 2: genuine}).check(RUN, None)


def test_with_a_list_of_peers_a_client_of_no_known_node_is_refused(tmp_path: Path) -> None:
    group = Clients(3)
    file = tmp_path / "peers"
    assert trusted_peers(file) is None
    lines = [f"{fingerprint_of(group.identities[n].public)}  # board {n}" for n in (1, 2)]
    file.write_text("\n".join(["# boards of our own", "", *lines]))
    with pytest.raises(Refused, match=f"Client 3 .* {group.roster.members[3].fingerprint}, which is not in peers"):
        group.roster.check(RUN, trusted_peers(file))
    file.write_text("\n".join([*lines, group.roster.members[3].fingerprint.upper()]))
    group.roster.check(RUN, trusted_peers(file))


def test_a_node_signs_with_the_secret_that_it_joined_with(tmp_path: Path) -> None:
    """So that its fingerprint is the same in every run, and nobody has to add it to the list again."""
    (tmp_path / "identity").write_text("5d" * 32)
    config = {"identity": str(tmp_path / "identity"), "peers": str(tmp_path / "peers")}
    states = [ClientState(Context(run, 1, dict(config), RecordDict(), {})) for run in (1, 2)]
    first, second = (state.participant() for state in states)
    assert first.identity == second.identity
    assert first.public != second.public
    group = Clients(3)
    (tmp_path / "peers").write_text("\n".join(identity.fingerprint for identity in group.identities.values()))
    others = {n: group.identities[n].advertise(1, group.members[n].public) for n in (1, 2)}
    states[0].check(Roster({**others, 3: first}))  # its own fingerprint need not be in its list
    with pytest.raises(Refused, match="not in peers"):
        states[0].check(Roster({**others, 3: first, 4: Identity(b"new").advertise(1, b"key")}))


def test_masks_of_an_earlier_exchange_do_not_help_with_a_later_one() -> None:
    group = clients(4)
    first, second = (group.upload() for _ in range(2))
    assert (first[1].codes != second[1].codes).any()
    seed = next(iter(group.attack(second, {n: [frozenset({2, 3, 4})] for n in (2, 3, 4)}, frozenset()).values())).seeds[1]
    assert (stream(seed, COUNT, BITS) != first[1].codes).any()
