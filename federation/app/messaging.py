"""Messages to the clients of a run and their replies, with the bytes that each client's messages had."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from flwr.app import ConfigRecord, Message, RecordDict
from flwr.common.constant import ErrorCode
from flwr.common.serde import message_to_proto
from flwr.serverapp import Grid


@dataclass
class Exchange:
    """The messages of one round. Clients are numbered by their part of the data, from 0; `nodes` are Flower's ids for them."""

    grid: Grid
    nodes: Mapping[int, int]
    number: int
    until: float  # by time.monotonic()
    up: dict[int, int] = field(default_factory=dict)  # bytes
    down: dict[int, int] = field(default_factory=dict)  # bytes
    failures: dict[int, tuple[str, str]] = field(default_factory=dict)  # state and reason, by client

    def send(self, kind: str, contents: Mapping[int, RecordDict]) -> dict[int, Message]:
        """Replies by client. A client that sends nothing or an error is in `failures` afterwards, and left alone in this
        round.
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
        left = max(0.0, self.until - time.monotonic())
        replies: dict[int, Message] = {}
        for reply in self.grid.send_and_receive(messages, timeout=left) if messages else []:
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
                self.failures[client] = ("late", "It did not reply before the round's deadline.")
        return replies

    def query(self, kind: str, records: Mapping[int, ConfigRecord]) -> dict[int, Message]:
        return self.send(f"query.{kind}", {client: RecordDict({"config": record}) for client, record in records.items()})

    def refuse(self, client: int, reason: str) -> None:
        self.failures[client] = ("refused", reason)


def _size(message: Message) -> int:
    return message_to_proto(message).ByteSize()
