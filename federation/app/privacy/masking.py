"""The server's part in secure aggregation: it forwards keys and encrypted shares, and opens the sum of the clients that
replied.
"""

from collections.abc import Mapping

from flwr.app import ConfigRecord, Message

from federation.app.compression.modular_quantiser import Codes, unpack
from federation.app.messaging import Exchange
from federation.app.privacy import secure_aggregation
from federation.app.records import pairs_of, record_of, value_of
from federation.app.train_config import MaskConfig

LEAST = 3  # of two clients each could subtract its own update from the sum


class Cohort:
    """The clients of a run and their public keys, exchanged once, and again with a client whose keys were lost."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.public_keys: dict[int, bytes] = {}
        self._last_sent: dict[int, tuple[int, ...]] = {}  # the keys that a client has, by hash
        self.members: dict[int, bytes] = {}
        self.summed: set[int] = set()  # whose updates are in the last sum

    def gather(self, exchange: Exchange) -> None:
        """Ask clients for keys that are missing. Those that do not reply sit this round out."""
        unknown = [client for client in exchange.nodes if client not in self.public_keys]
        for client, reply in exchange.query("keys", {client: ConfigRecord() for client in unknown}).items():
            try:
                self.public_keys[client] = value_of(record_of(reply, "keys"), "public", bytes)
            except (ValueError, KeyError) as error:
                exchange.refuse(client, f"Its public key cannot be read: {error}"[:300])
        known = sorted(self.public_keys.items())
        self.members = {client: key for client, key in known if client not in exchange.failures}

    def config(self, client: int, exchange_id: int) -> MaskConfig:
        """For a train message; all public keys only where this client does not have exactly these."""
        current = self._last_sent.get(client) == self._fingerprint()
        return MaskConfig(exchange_id, client, None if current else self.members)

    def acknowledge(self, client: int) -> None:
        """This client replied, so it has the keys that were sent to it."""
        self._last_sent[client] = self._fingerprint()

    def forget(self, client: int) -> None:
        """A client that was moved or restarted may have lost its keys and is asked for new ones."""
        self.public_keys.pop(client, None)
        self._last_sent.pop(client, None)

    def _fingerprint(self) -> tuple[int, ...]:
        return tuple(hash(key) for key in self.members.values())

    def open(self, exchange: Exchange, replies: Mapping[int, Message], exchange_id: int, count: int) -> Codes:
        """The exact sum over `replies`, uint32 [count]; afterwards `summed` holds the clients in it. Raises
        secure_aggregation.Refused."""
        collector = secure_aggregation.Collector(exchange_id, self.bits, self.members)
        for client, reply in replies.items():
            try:
                record = record_of(reply, "update")
                codes = unpack(value_of(record, "codes", bytes), self.bits, count)
                collector.masked[client] = secure_aggregation.Masked(codes, pairs_of(record, "owners", "shares"))
            except (ValueError, KeyError) as error:
                exchange.refuse(client, f"Its update cannot be read: {error}"[:300])
        self.summed = set(collector.masked)
        if len(collector.masked) < LEAST:
            raise secure_aggregation.Refused(f"Fewer than {LEAST} updates arrived, too few to hide any one of them.")
        requests = {client: _opening_request(collector, client) for client in collector.masked}
        for client, reply in exchange.query("open", requests).items():
            try:
                record = record_of(reply, "opened")
                shares, seeds = pairs_of(record, "owners", "shares"), pairs_of(record, "lost", "seeds")
                collector.answers[client] = secure_aggregation.Opened(shares, seeds)
            except (ValueError, KeyError) as error:
                exchange.refuse(client, f"Its shares cannot be read: {error}"[:300])
        return collector.total()


def _opening_request(collector: secure_aggregation.Collector, client: int) -> ConfigRecord:
    shares = collector.shares_for(client)
    return ConfigRecord(
        {
            "exchange": collector.exchange,
            "me": client,
            "alive": sorted(collector.masked),
            "owners": list(shares),
            "shares": list(shares.values()),
        }
    )
