"""Secure aggregation: the server learns the sum of its clients' codes and nothing about any one of them.

After Bonawitz et al. 2017, "Practical secure aggregation for privacy-preserving machine learning", with its protection against
a server that lies, on Flower's key agreement and Shamir secret sharing. Every pair of clients agrees on a key once, at the
start of a run; each round derives from it a pairwise mask that one adds and the other subtracts, so a round needs no new keys.
Each client also adds a self mask whose seed is secret-shared among all. For each client the others reveal either their pairwise
masks with it (it was lost) or their share of its self mask (it was not), never both: whoever has both can read its update.

So the clients first agree on who is left (the consistency round): each signs one account of it, and reveals something only for
an account that more than two thirds of all clients signed. Two accounts cannot both have that many signatures unless a third of
the clients sign both, which no client that runs this code does.

Threat model: a server that may lie in every message, together with less than a third of the clients; federation/app/privacy/
participants.py says what keeps it from inventing clients. Flower's own mask generator is not used: it reduces its seed to 32
bits, which can be searched, and never draws the highest number.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from flwr.common.secure_aggregation.crypto.shamir import combine_shares, create_shares
from flwr.common.secure_aggregation.crypto.symmetric_encryption import generate_shared_key
from flwr.supercore.primitives.asymmetric import (
    bytes_to_private_key,
    bytes_to_public_key,
    generate_key_pairs,
    private_key_to_bytes,
    public_key_to_bytes,
)

from federation.app.compression.modular_quantiser import Codes
from federation.app.errors import Refused
from federation.app.privacy.participants import Identity, Roster

SEED_BYTES = 15  # Flower pads a secret to blocks of 16: one byte more would double every share
SHARE_BYTES = 20  # four of the index, sixteen of the share


def threshold(clients: int) -> int:
    """How many clients must be left, sign that they are and reveal their shares: more than two thirds."""
    return 2 * clients // 3 + 1


@dataclass(frozen=True)
class Masked:
    """What leaves a client. `shares` are of its self mask's seed, each encrypted for the client it is for."""

    codes: Codes
    shares: dict[int, bytes]


@dataclass(frozen=True)
class Opened:
    """What a client reveals once it is known who was lost: its shares of the others' self masks, and the seeds of its
    pairwise masks with the lost clients."""

    shares: dict[int, bytes]
    seeds: dict[int, bytes]


@dataclass
class Member:
    """One client in one run. `masked`, `agreed` and `opened` are the ids of the last exchange, which only increase: in one
    exchange a client signs a single account of who is left, `alive`, and reveals its part once."""

    private: bytes
    public: bytes
    share: bytes = b""  # its own share of its self mask in the last exchange
    masked: int = 0
    agreed: int = 0
    alive: frozenset[int] = frozenset()
    opened: int = 0

    @classmethod
    def new(cls) -> "Member":
        private, public = generate_key_pairs()
        return cls(private_key_to_bytes(private), public_key_to_bytes(public))

    def mask(self, exchange: int, codes: Codes, bits: int, me: int, roster: Roster) -> Masked:
        """`codes` in the ring of 2**bits, uint32; `roster` all clients in this exchange, including this one, checked by the
        caller. Raises Refused.
        """
        if exchange <= self.masked:
            raise Refused("The server asked for a second update under the same masks.")
        self._check_me(me, roster)
        keys = self._keys(me, roster)
        self_seed, order = secrets.token_bytes(SEED_BYTES), sorted(roster.members)
        total = codes.astype(np.uint32) + stream(self_seed, len(codes), bits)
        for peer, key in keys.items():
            total = _signed(total, stream(_pair_seed(key, exchange), len(codes), bits), me < peer)
        shares = dict(zip(order, create_shares(self_seed, threshold(len(order)), len(order)), strict=True))
        self.masked, self.share = exchange, shares.pop(me)
        return Masked(_ring(total, bits), {peer: _pad(keys[peer], exchange, me, share) for peer, share in shares.items()})

    def agree(self, exchange: int, me: int, roster: Roster, alive: Iterable[int], identity: Identity) -> bytes:
        """Sign the server's account of who is left: `alive` are the clients whose masked codes it will sum, the others count as
        lost. Raises Refused for a second account of one exchange, and for one that hides too few."""
        alive = frozenset(alive)
        self._check_me(me, roster)
        if exchange != self.masked or (exchange == self.agreed and alive != self.alive):
            raise Refused("The server gave a second account of who is left in one exchange.")
        if me not in alive or not alive <= set(roster.members) or len(alive) < threshold(len(roster.members)):
            raise Refused("Too few clients are left to hide one among them.")
        self.agreed, self.alive = exchange, alive
        return identity.sign_alive(roster, exchange, me, alive)

    def open(
        self, exchange: int, me: int, roster: Roster, signatures: Mapping[int, bytes], shares: Mapping[int, bytes]
    ) -> Opened:
        """`signatures` are the others' of the account that this client signed, `shares` what they sent for this one. Raises
        Refused."""
        self._check_me(me, roster)
        if exchange != self.agreed or exchange <= self.opened:
            raise Refused("The server asked twice for the masks of one exchange, or before the clients agreed on who is left.")
        if roster.agree(exchange, self.alive, signatures) < threshold(len(roster.members)):
            raise Refused("Too few clients signed the same account of who is left.")
        self.opened = exchange
        keys = self._keys(me, roster)
        revealed = {
            peer: _pad(keys[peer], exchange, peer, share)
            for peer, share in shares.items()
            if peer in self.alive and peer in keys and len(share) == SHARE_BYTES
        }
        revealed[me] = self.share
        return Opened(revealed, {peer: _pair_seed(key, exchange) for peer, key in keys.items() if peer not in self.alive})

    def _check_me(self, me: int, roster: Roster) -> None:
        if me not in roster.members or roster.members[me].public != self.public:
            raise Refused("The server's list of clients does not have this client's own key.")

    def _keys(self, me: int, roster: Roster) -> dict[int, bytes]:
        private = bytes_to_private_key(self.private)
        return {peer: _agree(private, member.public) for peer, member in roster.members.items() if peer != me}


@dataclass
class Collector:
    """The server's side of one exchange."""

    exchange: int
    bits: int
    roster: Roster
    masked: dict[int, Masked] = field(default_factory=dict)
    signatures: dict[int, bytes] = field(default_factory=dict)
    answers: dict[int, Opened] = field(default_factory=dict)

    @property
    def threshold(self) -> int:
        return threshold(len(self.roster.members))

    @property
    def lost(self) -> set[int]:
        return set(self.roster.members) - set(self.masked)

    def shares_for(self, client: int) -> dict[int, bytes]:
        return {peer: masked.shares[client] for peer, masked in self.masked.items() if client in masked.shares}

    def total(self) -> Codes:
        """The exact sum of the codes in `masked`, modulo 2**bits. Raises Refused when too few clients revealed their shares."""
        self.check_left(len(self.masked))
        count = len(next(iter(self.masked.values())).codes)
        total = np.zeros(count, np.uint32)
        for client, masked in self.masked.items():
            total += masked.codes
            total -= stream(self._self_seed(client), count, self.bits)
            for lost in self.lost:
                total = _signed(total, stream(self._seed_of_pair(client, lost), count, self.bits), client > lost)
        return _ring(total, self.bits)

    def check_left(self, clients: int) -> None:
        """Raises Refused when the sum of so many clients can never be opened."""
        if clients < self.threshold:
            of = len(self.roster.members)
            raise Refused(
                f"{clients} of {of} clients are left; secure aggregation needs {self.threshold}, more than two thirds."
            )

    def _self_seed(self, client: int) -> bytes:
        shares = [opened.shares[client] for opened in self.answers.values() if client in opened.shares]
        if len(shares) < self.threshold:
            raise Refused("Too many clients were lost before the masks could be removed.")
        try:
            return combine_shares(shares[: self.threshold])
        except ValueError as error:
            raise Refused("A share of a mask is damaged.") from error

    def _seed_of_pair(self, client: int, lost: int) -> bytes:
        opened = self.answers.get(client)
        if opened is None or lost not in opened.seeds:
            raise Refused("A client was lost before it revealed its masks with one that was lost earlier.")
        return opened.seeds[lost]


def stream(seed: bytes, count: int, bits: int) -> Codes:
    """uint32 [count], uniform below 2**bits, by SHAKE-256."""
    width = 1 if bits <= 8 else 2 if bits <= 16 else 4
    raw = hashlib.shake_256(seed).digest(count * width)
    return _ring(np.frombuffer(raw, f"<u{width}").astype(np.uint32), bits)


def _ring(numbers: Codes, bits: int) -> Codes:
    return numbers & np.uint32(2**bits - 1)  # 2**bits divides 2**32, so sums may wrap first


def _signed(total: Codes, mask: Codes, add: bool) -> Codes:
    return total + mask if add else total - mask


def _pair_seed(key: bytes, exchange: int) -> bytes:
    return _derive(key, b"pair", exchange, 0)


def _pad(key: bytes, exchange: int, owner: int, share: bytes) -> bytes:
    """A one-time pad for one owner's share in one exchange; applying it twice decrypts."""
    pad = _derive(key, b"share", exchange, owner)
    return bytes(left ^ right for left, right in zip(share, pad, strict=False))


def _derive(key: bytes, purpose: bytes, exchange: int, owner: int) -> bytes:
    return hmac.digest(key, purpose + exchange.to_bytes(8, "big") + (owner % 2**64).to_bytes(8, "big"), "sha256")


def _agree(private: ec.EllipticCurvePrivateKey, public: bytes) -> bytes:
    try:
        return generate_shared_key(private, bytes_to_public_key(public))
    except ValueError as error:
        raise Refused("A public key is damaged.") from error
