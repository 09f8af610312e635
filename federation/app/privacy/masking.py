"""The server's part in secure aggregation: it passes keys and sealed shares on, and opens the sum of those that answered."""

from collections.abc import Mapping
from typing import Any

from flwr.app import ConfigRecord, Message

from federation.app.compression.modular_quantiser import Codes, unpack
from federation.app.messaging import Exchange, words_of
from federation.app.privacy import secure_aggregation

LEAST = 3  # of two clients each could take its own update off the sum


class Cohort:
    """The clients of a run and their public keys, which are exchanged once and again for whom a key was lost."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.public: dict[int, bytes] = {}
        self._knows: dict[int, tuple[int, ...]] = {}  # the cohort that a client was last told
        self.members: dict[int, bytes] = {}
        self.summed: set[int] = set()  # whose updates are in the last sum

    def gather(self, exchange: Exchange) -> None:
        """Ask who has not told its key. Those who do not answer sit this round out."""
        unknown = [client for client in exchange.nodes if client not in self.public]
        replies = exchange.query("keys", {client: ConfigRecord() for client in unknown})
        for client, reply in replies.items():
            self.public[client] = words_of(reply, "keys")["public"]
        self.members = {client: key for client, key in sorted(self.public.items()) if client not in exchange.trouble}

    def words(self, client: int, exchange_id: int) -> dict[str, Any]:
        """For a train message; everybody's keys only where this client does not hold exactly these."""
        told: dict[str, Any] = {"exchange": exchange_id, "me": client}
        if self._knows.get(client) != self._cohort():
            told |= {"members": list(self.members), "keys": list(self.members.values())}
        return told

    def heard(self, client: int) -> None:
        self._knows[client] = self._cohort()

    def forget(self, client: int) -> None:
        """A client that was moved or restarted may have lost its keys: it is asked for new ones."""
        self.public.pop(client, None)
        self._knows.pop(client, None)

    def _cohort(self) -> tuple[int, ...]:
        return tuple(hash(key) for key in self.members.values())

    def open(self, exchange: Exchange, replies: Mapping[int, Message], exchange_id: int, count: int) -> Codes:
        """The exact sum over `replies`; afterwards `summed` says of whom. Raises secure.Refused."""
        collector = secure_aggregation.Collector(exchange_id, self.bits, self.members)
        for client, reply in replies.items():
            try:
                told = words_of(reply, "update")
                codes = unpack(told["codes"], self.bits, count)
                collector.masked[client] = secure_aggregation.Masked(
                    codes, dict(zip(told["owners"], told["shares"], strict=True))
                )
            except (ValueError, KeyError, TypeError) as error:
                exchange.trouble[client] = ("refused", f"Its update cannot be read: {error}"[:300])
        self.summed = set(collector.masked)
        if len(collector.masked) < LEAST:
            raise secure_aggregation.Refused(f"Fewer than {LEAST} updates came, too few to hide one among them.")
        asked = {client: _asked(collector, client) for client in collector.masked}
        for client, reply in exchange.query("open", asked).items():
            told = words_of(reply, "opened")
            shares = dict(zip(told["owners"], told["shares"], strict=True))
            collector.answers[client] = secure_aggregation.Opened(shares, dict(zip(told["lost"], told["seeds"], strict=True)))
        return collector.total()


def _asked(collector: secure_aggregation.Collector, client: int) -> ConfigRecord:
    shares = collector.shares_for(client)
    told: dict[str, Any] = {"exchange": collector.exchange, "me": client, "alive": sorted(collector.masked)}
    return ConfigRecord({**told, "owners": list(shares), "shares": list(shares.values())})
