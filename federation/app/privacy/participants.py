"""Who takes part in secure aggregation: each client's key for this run, signed by the identity of its node.

The server forwards these, so it could put keys of its own in their place and read everything. A client therefore checks the
signatures, and where its node has a list of trusted fingerprints it accepts no identity outside that list. Without a list it
can only check that the clients agree with each other: nothing then speaks against a server that invents clients.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from federation.app.errors import Refused

LEAST = 3  # of two clients each could subtract its own update from the sum
FINGERPRINT_HEX = 32
_KEY = b"isthmus secure aggregation: key\0"
_ALIVE = b"isthmus secure aggregation: alive\0"


class Identity:
    """The signing key of a node, derived from the secret that it joined with."""

    def __init__(self, secret: bytes) -> None:
        seed = HKDF(SHA256(), 32, salt=None, info=b"isthmus participant").derive(secret)
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._private.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.public)

    @classmethod
    def of_file(cls, file: Path) -> "Identity":
        try:
            return cls(file.read_bytes())
        except OSError as error:
            raise Refused(f"The identity of this node cannot be read ({error.strerror}).") from error

    def advertise(self, run: int, public: bytes) -> "Participant":
        """`public` is this client's key for the run."""
        return Participant(public, self.public, self._private.sign(_key_message(run, public)))

    def sign_alive(self, roster: "Roster", exchange: int, me: int, alive: frozenset[int]) -> bytes:
        return self._private.sign(_alive_message(roster, exchange, me, alive))


@dataclass(frozen=True)
class Participant:
    """One client as the others see it: its key for the run, its node's identity, and the identity's signature of the key."""

    public: bytes
    identity: bytes
    signature: bytes

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.identity)


@dataclass(frozen=True)
class Roster:
    """The clients that mask together, by number. Equal digests mean equal rosters."""

    members: Mapping[int, Participant]

    @cached_property
    def digest(self) -> bytes:
        content = hashlib.sha256()
        for number, member in sorted(self.members.items()):
            for part in (_number(number), member.public, member.identity, member.signature):
                content.update(len(part).to_bytes(4, "big") + part)
        return content.digest()

    def check(self, run: int, trusted: frozenset[str] | None) -> None:
        """Raises Refused unless every key is signed, no key is there twice, and each identity is in `trusted` (None: any)."""
        if len(self.members) < LEAST:
            raise Refused(f"Secure aggregation needs at least {LEAST} clients that know each other's keys.")
        if len({member.public for member in self.members.values()}) < len(self.members):
            raise Refused("Two clients have one key; secure aggregation needs a key of its own for each.")
        for number, member in self.members.items():
            if not _valid(member.identity, member.signature, _key_message(run, member.public)):
                raise Refused(f"The key of client {number} is not signed by its node.")
            if trusted is not None and member.fingerprint not in trusted:
                raise Refused(f"Client {number} is on a node with the fingerprint {member.fingerprint}, which is not in peers.")

    def agree(self, exchange: int, alive: frozenset[int], signatures: Mapping[int, bytes]) -> int:
        """How many of the clients in `alive` signed exactly this account of who is left."""
        return sum(
            _valid(self.members[number].identity, signature, _alive_message(self, exchange, number, alive))
            for number, signature in signatures.items()
            if number in alive and number in self.members
        )


def fingerprint_of(identity: bytes) -> str:
    """128 bits of a digest in groups of four digits, for people to compare."""
    digest = hashlib.sha256(identity).hexdigest()[:FINGERPRINT_HEX]
    return ":".join(digest[i : i + 4] for i in range(0, FINGERPRINT_HEX, 4))


def trusted_peers(file: Path) -> frozenset[str] | None:
    """The fingerprints in a file, one a line, comments after #; None where there is no such file."""
    try:
        lines = file.read_text().splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"The list of trusted peers in {file} cannot be read.") from error
    return frozenset(words[0].lower() for line in lines if (words := line.partition("#")[0].split()))


def _key_message(run: int, public: bytes) -> bytes:
    return _KEY + _number(run) + public


def _alive_message(roster: Roster, exchange: int, me: int, alive: frozenset[int]) -> bytes:
    return _ALIVE + roster.digest + _number(exchange) + _number(me) + b"".join(map(_number, sorted(alive)))


def _number(value: int) -> bytes:
    return (value % 2**64).to_bytes(8, "big")


def _valid(identity: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(identity).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
