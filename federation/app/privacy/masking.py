"""The server's part in secure aggregation: it forwards keys, signatures and encrypted shares, and opens the sum of the clients
that replied.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from flwr.app import ConfigRecord, Message

from federation.app.compression.modular_quantiser import Codes, unpack
from federation.app.errors import Refused
from federation.app.messaging import Exchange
from federation.app.privacy.participants import LEAST, Participant, Roster
from federation.app.privacy.secure_aggregation import Collector, Masked, Opened
from federation.app.records import pairs_of, record_of, value_of
from federation.app.train_config import MaskConfig

Part = TypeVar("Part")


class Cohort:
    """The clients of a run and their public keys, exchanged once, and again with a client whose keys were lost."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.participants: dict[int, Participant] = {}
        self._last_sent: dict[int, bytes] = {}  # by client: the digest of the roster that it has
        self.roster = Roster({})
        self.summed: set[int] = set()  # whose updates are in the last sum

    def gather(self, exchange: Exchange) -> None:
        """Ask clients for keys that are missing. Those that do not reply sit this round out."""
        unknown = [client for client in exchange.nodes if client not in self.participants]
        replies = exchange.query("keys", {client: ConfigRecord() for client in unknown})
        self.participants |= _read(exchange, replies, "keys", _participant)
        known = sorted(self.participants.items())
        self.roster = Roster({client: key for client, key in known if client not in exchange.failures})

    def config(self, client: int, exchange_id: int) -> MaskConfig:
        """For a train message; the roster only where this client does not have exactly this one."""
        current = self._last_sent.get(client) == self.roster.digest
        return MaskConfig(exchange_id, client, None if current else self.roster)

    def acknowledge(self, client: int) -> None:
        """This client replied, so it has the roster that was sent to it."""
        self._last_sent[client] = self.roster.digest

    def forget(self, client: int) -> None:
        """A client that was moved or restarted may have lost its keys and is asked for new ones."""
        self.participants.pop(client, None)
        self._last_sent.pop(client, None)

    def open(self, exchange: Exchange, replies: Mapping[int, Message], exchange_id: int, count: int) -> Codes:
        """The exact sum over `replies`, uint32 [count]; afterwards `summed` holds the clients in it. Raises Refused."""

        def masked(record: ConfigRecord) -> Masked:
            codes = unpack(value_of(record, "codes", bytes), self.bits, count)
            return Masked(codes, pairs_of(record, "owners", "shares"))

        collector = Collector(exchange_id, self.bits, self.roster)
        collector.masked = _read(exchange, replies, "update", masked)
        self.summed = set(collector.masked)
        if len(collector.masked) < LEAST:
            raise Refused(f"Fewer than {LEAST} updates arrived, too few to hide any one of them.")
        collector.check_left(len(collector.masked))
        alive = sorted(collector.masked)
        accounts = {client: ConfigRecord({"exchange": exchange_id, "me": client, "alive": alive}) for client in alive}
        collector.signatures = _read(exchange, exchange.query("agree", accounts), "agreed", _signature)
        collector.check_left(len(collector.signatures))
        requests = {client: _opening_request(collector, client) for client in collector.signatures}
        collector.answers = _read(exchange, exchange.query("open", requests), "opened", _opened)
        return collector.total()


def _read(
    exchange: Exchange, replies: Mapping[int, Message], name: str, part_of: Callable[[ConfigRecord], Part]
) -> dict[int, Part]:
    """What the record `name` of each reply holds. A client whose reply cannot be read is refused."""
    parts: dict[int, Part] = {}
    for client, reply in replies.items():
        try:
            parts[client] = part_of(record_of(reply, name))
        except KeyError as error:
            exchange.refuse(client, f"Its reply lacks {error}; its agent may be older than this server. Update it.")
        except ValueError as error:
            exchange.refuse(client, f"Its reply cannot be read: {error}"[:300])
    return parts


def _participant(record: ConfigRecord) -> Participant:
    return Participant(*(value_of(record, name, bytes) for name in ("public", "identity", "signature")))


def _signature(record: ConfigRecord) -> bytes:
    return value_of(record, "signature", bytes)


def _opened(record: ConfigRecord) -> Opened:
    return Opened(pairs_of(record, "owners", "shares"), pairs_of(record, "lost", "seeds"))


def _opening_request(collector: Collector, client: int) -> ConfigRecord:
    shares = collector.shares_for(client)
    return ConfigRecord(
        {
            "exchange": collector.exchange,
            "me": client,
            "signers": list(collector.signatures),
            "signatures": list(collector.signatures.values()),
            "owners": list(shares),
            "shares": list(shares.values()),
        }
    )
