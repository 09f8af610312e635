"""Messages to the clients of a run and what came of them, with the bytes that each client's messages had."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flwr.app import ConfigRecord, Message, RecordDict
from flwr.common.constant import ErrorCode
from flwr.common.serde import message_to_proto
from flwr.serverapp import Grid


@dataclass
class Exchange:
    """Of one round. Clients are numbered by their part of the data, from 0; `nodes` are Flower's ids for them."""

    grid: Grid
    nodes: Mapping[int, int]
    number: int
    until: float  # by time.monotonic()
    up: dict[int, int] = field(default_factory=dict)
    down: dict[int, int] = field(default_factory=dict)
    trouble: dict[int, tuple[str, str]] = field(default_factory=dict)  # state and reason, of those that failed

    def exchange(self, kind: str, contents: Mapping[int, RecordDict]) -> dict[int, Message]:
        """Replies by client. Who sends nothing, or an error, is in `trouble` afterwards, and not asked again in this round."""
        messages = [
            Message(content, self.nodes[client], kind, group_id=str(self.number))
            for client, content in contents.items()
            if client not in self.trouble
        ]
        by_node = {node: client for client, node in self.nodes.items()}
        for message in messages:
            client = by_node[message.metadata.dst_node_id]
            self.down[client] = self.down.get(client, 0) + _size(message)
        left = max(0.0, self.until - time.monotonic())
        found: dict[int, Message] = {}
        for reply in self.grid.send_and_receive(messages, timeout=left) if messages else []:
            replier = by_node.get(reply.metadata.src_node_id)
            if replier is None or replier in found or replier in self.trouble or replier not in contents:
                continue  # a stranger, or a second answer to one question: the first one counts
            self.up[replier] = self.up.get(replier, 0) + _size(reply)
            if reply.has_error():
                lost = reply.error.code == ErrorCode.NODE_UNAVAILABLE
                self.trouble[replier] = ("lost" if lost else "refused", reply.error.reason or "Its app failed.")
            else:
                found[replier] = reply
        for client in contents:
            if client not in found and client not in self.trouble:
                self.trouble[client] = ("late", "It did not answer before the round's deadline.")
        return found

    def query(self, kind: str, words: Mapping[int, ConfigRecord]) -> dict[int, Message]:
        return self.exchange(f"query.{kind}", {client: RecordDict({"config": told}) for client, told in words.items()})


def words_of(reply: Message, name: str) -> dict[str, Any]:
    """A reply's record of words. Raises KeyError."""
    return dict(reply.content.config_records[name])


def _size(message: Message) -> int:
    return message_to_proto(message).ByteSize()
