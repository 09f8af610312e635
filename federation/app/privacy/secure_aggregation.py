"""Secure aggregation: the server learns the sum of its clients' codes and nothing about any one of them.

After Bonawitz et al. 2017, "Practical secure aggregation for privacy-preserving machine learning", on Flower's own key
agreement and secret sharing. Every two clients share a key from one exchange at the start of a run; each round derives from it
a mask that one adds and the other subtracts, so a round costs no new keys. On top each client adds a mask of its own, whose
seed is shared out among all, so that even a server that pretends a client was lost cannot read it: of each client the others
tell either the masks they have with it (it was lost) or their share of its own mask (it was not), never both.

The server is taken to be curious but to hand on public keys unchanged. Flower's own generator of masks is not used: it folds
its seed into 32 bits, which can be tried out, and never draws the highest number.
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
    """A client does not do what it was asked, or a sum cannot be had; the text is one sentence."""


def threshold(clients: int) -> int:
    """So many must tell what they know. More than half, or a server could tell two halves two different stories."""
    return clients // 2 + 1


@dataclass(frozen=True)
class Masked:
    """What leaves a client. `shares` are of its own mask's seed, each readable by the one client it is for."""

    codes: Codes
    shares: dict[int, bytes]


@dataclass(frozen=True)
class Opened:
    """What a client tells once it is known who was lost: shares of the others' own masks, and the seeds of its masks with the lost."""

    shares: dict[int, bytes]
    seeds: dict[int, bytes]


@dataclass
class Member:
    """One client in one run. `masked` and `opened` are the numbers of the last exchange, which only rise: of one exchange a
    client tells one story about who was lost and no second one."""

    private: bytes
    public: bytes
    share: bytes = b""  # of its own mask in the last exchange, its own part of it
    masked: int = 0
    opened: int = 0

    @classmethod
    def new(cls) -> "Member":
        private, public = generate_key_pairs()
        return cls(private_key_to_bytes(private), public_key_to_bytes(public))

    def mask(self, exchange: int, codes: Codes, bits: int, me: int, public: Mapping[int, bytes]) -> Masked:
        """`codes` in the ring of 2**bits; `public` the keys of everybody in this exchange, this client among them."""
        if exchange <= self.masked:
            raise Refused("The server asked for a second update under the same masks.")
        if len(public) < LEAST or public.get(me) != self.public:
            raise Refused(f"Secure aggregation needs {LEAST} clients that know each other's keys.")
        keys = self._keys(me, public)
        own, order = secrets.token_bytes(SEED_BYTES), sorted(public)
        total = codes.astype(np.uint32) + stream(own, len(codes), bits)
        for peer, key in keys.items():
            total = _signed(total, stream(_pair_seed(key, exchange), len(codes), bits), me < peer)
        cut = dict(zip(order, create_shares(own, threshold(len(order)), len(order)), strict=True))
        self.masked, self.share = exchange, cut.pop(me)
        return Masked(_ring(total, bits), {peer: _pad(keys[peer], exchange, me, share) for peer, share in cut.items()})

    def open(
        self, exchange: int, me: int, public: Mapping[int, bytes], alive: Iterable[int], shares: Mapping[int, bytes]
    ) -> Opened:
        """`alive` are those whose masked codes are summed, `shares` what they sent for this client; all others count as lost."""
        alive = set(alive)
        if exchange != self.masked or exchange <= self.opened:
            raise Refused("The server asked twice for the masks of one exchange.")
        if me not in alive or not alive <= set(public) or len(alive) < threshold(len(public)):
            raise Refused("Too few clients are left to hide one among them.")
        self.opened = exchange
        keys = self._keys(me, public)
        told = {
            peer: _pad(keys[peer], exchange, peer, share)
            for peer, share in shares.items()
            if peer in alive and peer in keys and len(share) == SHARE_BYTES
        }
        told[me] = self.share
        return Opened(told, {peer: _pair_seed(key, exchange) for peer, key in keys.items() if peer not in alive})

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
        return {peer: one.shares[client] for peer, one in self.masked.items() if client in one.shares}

    def total(self) -> Codes:
        """The exact sum of the codes of all in `masked`, in the ring. Raises Refused when too few have told what they know."""
        if len(self.masked) < threshold(len(self.public)):
            raise Refused("Too few clients sent an update.")
        count = len(next(iter(self.masked.values())).codes)
        total = np.zeros(count, np.uint32)
        for client, one in self.masked.items():
            total += one.codes
            total -= stream(self._own_seed(client), count, self.bits)
            for gone in self.lost:
                total = _signed(total, stream(self._seed_of_pair(client, gone), count, self.bits), client > gone)
        return _ring(total, self.bits)

    def _own_seed(self, client: int) -> bytes:
        shares = [one.shares[client] for one in self.answers.values() if client in one.shares]
        least = threshold(len(self.public))
        if len(shares) < least:
            raise Refused("Too many clients were lost before the masks could be taken off.")
        try:
            return combine_shares(shares[:least])
        except ValueError as error:
            raise Refused("A share of a mask is damaged.") from error

    def _seed_of_pair(self, client: int, gone: int) -> bytes:
        told = self.answers.get(client)
        if told is None or gone not in told.seeds:
            raise Refused("A client was lost before it told its masks with one that was lost earlier.")
        return told.seeds[gone]


def stream(seed: bytes, count: int, bits: int) -> Codes:
    """Uniform numbers below 2**bits."""
    width = 1 if bits <= 8 else 2 if bits <= 16 else 4
    raw = hashlib.shake_256(seed).digest(count * width)
    return _ring(np.frombuffer(raw, f"<u{width}").astype(np.uint32), bits)


def _ring(numbers: Codes, bits: int) -> Codes:
    return numbers & np.uint32(2**bits - 1)  # 2**bits divides 2**32, so sums may wrap before


def _signed(total: Codes, mask: Codes, add: bool) -> Codes:
    return total + mask if add else total - mask


def _pair_seed(key: bytes, exchange: int) -> bytes:
    return _derive(key, b"pair", exchange, 0)


def _pad(key: bytes, exchange: int, owner: int, share: bytes) -> bytes:
    """Opens what it sealed: a pad of one use, for one owner's share of one exchange."""
    pad = _derive(key, b"share", exchange, owner)
    return bytes(left ^ right for left, right in zip(share, pad, strict=False))


def _derive(key: bytes, purpose: bytes, exchange: int, owner: int) -> bytes:
    return hmac.digest(key, purpose + exchange.to_bytes(8, "big") + (owner % 2**64).to_bytes(8, "big"), "sha256")


def _agree(private: ec.EllipticCurvePrivateKey, public: bytes) -> bytes:
    try:
        return generate_shared_key(private, bytes_to_public_key(public))
    except ValueError as error:
        raise Refused("A public key is damaged.") from error
