"""Secure aggregation: the server learns the sum of its clients' codes and nothing about any one of them.

After Bonawitz et al. 2017, "Practical secure aggregation for privacy-preserving machine learning", on Flower's key agreement
and Shamir secret sharing. Every pair of clients agrees on a key once, at the start of a run; each round derives from it a
pairwise mask that one adds and the other subtracts, so a round needs no new keys. Each client also adds a self mask whose
seed is secret-shared among all, so that even a server that pretends a client was lost cannot read its update: for each client
the others reveal either their pairwise masks with it (it was lost) or their share of its self mask (it was not), never both.

Threat model: an honest-but-curious server that forwards public keys unchanged. Flower's own mask generator is not used: it
reduces its seed to 32 bits, which can be searched, and never draws the highest number.
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

SEED_BYTES = 15  # Flower pads a secret to blocks of 16: one byte more would double every share
SHARE_BYTES = 20  # four of the index, sixteen of the share
LEAST = 3  # of two clients each could subtract its own update from the sum


class Refused(Exception):
    """A client refuses a request, or the sum cannot be recovered; the text is one sentence."""


def threshold(clients: int) -> int:
    """How many clients must reveal their shares. More than half: otherwise a server could tell two halves different things."""
    return clients // 2 + 1


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
    """One client in one run. `masked` and `opened` are the ids of the last exchange, which only increase: in one exchange a
    client accepts a single account of who was lost."""

    private: bytes
    public: bytes
    share: bytes = b""  # its own share of its self mask in the last exchange
    masked: int = 0
    opened: int = 0

    @classmethod
    def new(cls) -> "Member":
        private, public = generate_key_pairs()
        return cls(private_key_to_bytes(private), public_key_to_bytes(public))

    def mask(self, exchange: int, codes: Codes, bits: int, me: int, public: Mapping[int, bytes]) -> Masked:
        """`codes` in the ring of 2**bits; `public` the keys of all clients in this exchange, including this one. Raises
        Refused.
        """
        if exchange <= self.masked:
            raise Refused("The server asked for a second update under the same masks.")
        if len(public) < LEAST or public.get(me) != self.public:
            raise Refused(f"Secure aggregation needs at least {LEAST} clients that know each other's keys.")
        keys = self._keys(me, public)
        self_seed, order = secrets.token_bytes(SEED_BYTES), sorted(public)
        total = codes.astype(np.uint32) + stream(self_seed, len(codes), bits)
        for peer, key in keys.items():
            total = _signed(total, stream(_pair_seed(key, exchange), len(codes), bits), me < peer)
        shares = dict(zip(order, create_shares(self_seed, threshold(len(order)), len(order)), strict=True))
        self.masked, self.share = exchange, shares.pop(me)
        return Masked(_ring(total, bits), {peer: _pad(keys[peer], exchange, me, share) for peer, share in shares.items()})

    def open(
        self, exchange: int, me: int, public: Mapping[int, bytes], alive: Iterable[int], shares: Mapping[int, bytes]
    ) -> Opened:
        """`alive` are the clients whose masked codes are summed, `shares` what they sent for this one; the others count as
        lost. Raises Refused."""
        alive = set(alive)
        if exchange != self.masked or exchange <= self.opened:
            raise Refused("The server asked twice for the masks of one exchange.")
        if me not in alive or not alive <= set(public) or len(alive) < threshold(len(public)):
            raise Refused("Too few clients are left to hide one among them.")
        self.opened = exchange
        keys = self._keys(me, public)
        revealed = {
            peer: _pad(keys[peer], exchange, peer, share)
            for peer, share in shares.items()
            if peer in alive and peer in keys and len(share) == SHARE_BYTES
        }
        revealed[me] = self.share
        return Opened(revealed, {peer: _pair_seed(key, exchange) for peer, key in keys.items() if peer not in alive})

    def _keys(self, me: int, public: Mapping[int, bytes]) -> dict[int, bytes]:
        private = bytes_to_private_key(self.private)
        return {peer: _agree(private, key) for peer, key in public.items() if peer != me}


@dataclass
class Collector:
    """The server's side of one exchange."""

    exchange: int
    bits: int
    public: Mapping[int, bytes]
    masked: dict[int, Masked] = field(default_factory=dict)
    answers: dict[int, Opened] = field(default_factory=dict)

    @property
    def lost(self) -> set[int]:
        return set(self.public) - set(self.masked)

    def shares_for(self, client: int) -> dict[int, bytes]:
        return {peer: masked.shares[client] for peer, masked in self.masked.items() if client in masked.shares}

    def total(self) -> Codes:
        """The exact sum of the codes in `masked`, modulo 2**bits. Raises Refused when too few clients revealed their shares."""
        if len(self.masked) < threshold(len(self.public)):
            raise Refused("Too few clients sent an update.")
        count = len(next(iter(self.masked.values())).codes)
        total = np.zeros(count, np.uint32)
        for client, masked in self.masked.items():
            total += masked.codes
            total -= stream(self._self_seed(client), count, self.bits)
            for lost in self.lost:
                total = _signed(total, stream(self._seed_of_pair(client, lost), count, self.bits), client > lost)
        return _ring(total, self.bits)

    def _self_seed(self, client: int) -> bytes:
        shares = [opened.shares[client] for opened in self.answers.values() if client in opened.shares]
        least = threshold(len(self.public))
        if len(shares) < least:
            raise Refused("Too many clients were lost before the masks could be removed.")
        try:
            return combine_shares(shares[:least])
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
