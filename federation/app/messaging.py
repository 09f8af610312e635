"""Messages to the clients of a run and their replies, with the bytes that each client's messages had."""

import threading
import time
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flwr.app import ConfigRecord, Message, RecordDict
from flwr.common.constant import ErrorCode
from flwr.common.serde import message_to_proto
from flwr.serverapp import Grid

LEAST_GRACE_S = 10.0
LATE = "It did not reply before the round ended."


class Patience:
    """How long to wait for replies: until the deadline; once `enough` have come, for a grace period at most. Without `grace_s`
    that is as long as these took, or twice what `more` replies would take at their pace. With `enough` 0 only the deadline
    counts. Its methods may be called from several threads.
    """

    def __init__(self, seconds: float, enough: int = 0, grace_s: float | None = None, more: int = 0) -> None:
        self._started = time.monotonic()
        self.deadline = self.until = self._started + seconds
        self._left, self._grace_s = enough, grace_s
        self._share = max(1.0, 2 * more / enough) if enough else 1.0
        self._lock = threading.Lock()

    def arrived(self) -> None:
        """One usable reply."""
        with self._lock:
            self._left -= 1
            if self._left == 0:
                now = time.monotonic()
                automatic = max(LEAST_GRACE_S, self._share * (now - self._started))
                grace = automatic if self._grace_s is None else self._grace_s
                self.until = min(self.until, now + grace)

    @property
    def seconds(self) -> float:
        """Left; 0 when it is over."""
        return max(0.0, self.until - time.monotonic())


class PacedGrid(Grid):
    """A grid that can stop waiting once enough clients have replied, and that can start what clients need beforehand."""

    @abstractmethod
    def exchange(self, messages: Iterable[Message], patience: Patience) -> list[Message]:
        """As `send_and_receive`, for as long as `patience` lasts. Tells it of each usable reply."""

    def prepare(self, content: RecordDict, number: int) -> None:
        """Before round `number`, outside its deadline: send "query.ready" to what is not running yet."""


@dataclass
class Exchange:
    """The messages of one round. Clients are numbered by their part of the data, from 0; `nodes` are Flower's ids for them."""

    grid: Grid
    nodes: Mapping[int, int]
    number: int
    until: float  # by time.monotonic()
    enough: int = 0  # usable replies after which the others get a grace period; 0 waits for all until the deadline
    grace_s: float | None = None
    up: dict[int, int] = field(default_factory=dict)  # bytes
    down: dict[int, int] = field(default_factory=dict)  # bytes
    failures: dict[int, tuple[str, str]] = field(default_factory=dict)  # state and reason, by client

    def send(self, kind: str, contents: Mapping[int, RecordDict], replied: int = 0) -> dict[int, Message]:
        """Replies by client. A client that sends nothing or an error is in `failures` afterwards, and left alone in this
        round. `replied`: how many others have replied to this already.
        """
        messages = [
            Message(content, self.nodes[client], kind, group_id=str(self.number))
            for client, content in contents.items()
            if client not in self.failures
        ]
        by_node = {node: client for client, node in self.nodes.items()}
        for message in messages:
            client = by_node[message.metadata.dst_node_id]
            self.down[client] = self.down.get(client, 0) + _size(message)
        replies: dict[int, Message] = {}
        for reply in self._exchange(messages, replied) if messages else []:
            sender = by_node.get(reply.metadata.src_node_id)
            if sender is None or sender in replies or sender in self.failures or sender not in contents:
                continue  # an unknown sender, or a second reply to one message: the first one counts
            self.up[sender] = self.up.get(sender, 0) + _size(reply)
            if reply.has_error():
                lost = reply.error.code == ErrorCode.NODE_UNAVAILABLE
                self.failures[sender] = ("lost" if lost else "refused", reply.error.reason or "Its app failed.")
            else:
                replies[sender] = reply
        for client in contents:
            if client not in replies and client not in self.failures:
                self.failures[client] = ("late", LATE)
        return replies

    def query(self, kind: str, records: Mapping[int, ConfigRecord]) -> dict[int, Message]:
        return self.send(f"query.{kind}", {client: RecordDict({"config": record}) for client, record in records.items()})

    def refuse(self, client: int, reason: str) -> None:
        self.failures[client] = ("refused", reason)

    def _exchange(self, messages: list[Message], replied: int) -> Iterable[Message]:
        left = max(0.0, self.until - time.monotonic())
        if not isinstance(self.grid, PacedGrid):
            return self.grid.send_and_receive(messages, timeout=left)
        missing = min(len(messages), max(1, self.enough - replied)) if self.enough else 0
        return self.grid.exchange(messages, Patience(left, missing, self.grace_s, len(messages) - missing))


def _size(message: Message) -> int:
    return message_to_proto(message).ByteSize()
