"""How much of Redis each node's keys take: read a few keys at a time, so that looking costs nothing that others notice."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import cast

import redis

from devices.contract.protocol import ANSWERING, TRAINING

BATCH = 1000
MANY = 200  # keys of one node seen: from here on their mean stands for the rest
# The only keys of a node without a time to live. What else has none was put there by no agent of ours.
PERMANENT, DECLARATIONS = frozenset({ANSWERING, TRAINING, "lane"}), "_kombu.binding"


@dataclass
class Sweep:
    """One pass over all keys. Redis lists them in no particular order, so a part of a pass is a sample of the whole."""

    cursor: int = 0
    keys: int = 0
    bytes_of: Counter[str] = field(default_factory=Counter)
    keys_of: Counter[str] = field(default_factory=Counter)
    foreign: Counter[str] = field(default_factory=Counter)  # keys without a time to live that were deleted, by node

    def read(self, client: "redis.Redis", slugs: Collection[str], at_most: int) -> bool:
        """Go on with the pass by about so many keys; True at its end. Raises redis.RedisError."""
        read = 0
        while read < at_most:
            self.cursor, keys = client.scan(self.cursor, count=BATCH)  # type: ignore[misc]
            self._add(client, cast("list[bytes]", keys), slugs)
            read += len(keys)
            if self.cursor == 0:
                return True
        return False

    def estimates(self, keys: int) -> dict[str, int]:
        """Bytes by node of all `keys` there are: what was seen, or more where enough of a node's keys were seen to tell."""
        share = max(1.0, keys / self.keys) if self.keys else 1.0
        return {slug: round(seen * (share if self.keys_of[slug] >= MANY else 1)) for slug, seen in self.bytes_of.items()}

    def _add(self, client: "redis.Redis", keys: list[bytes], slugs: Collection[str]) -> None:
        self.keys += len(keys)
        owned = [(key, slug) for key in keys if (slug := key.partition(b":")[0].decode(errors="replace")) in slugs]
        pipe = client.pipeline(transaction=False)
        for key, _ in owned:
            pipe.memory_usage(key)
            pipe.pttl(key)
        answers = iter(pipe.execute(raise_on_error=False))
        foreign: list[bytes] = []
        for (key, slug), (size, ttl) in zip(owned, iter(lambda: list(islice(answers, 2)), []), strict=True):
            if not isinstance(size, int):  # it has expired meanwhile
                continue
            self.bytes_of[slug] += size
            self.keys_of[slug] += 1
            if ttl == -1 and not _permanent(key):
                foreign.append(key)
                self.foreign[slug] += 1
        if foreign:
            client.unlink(*foreign)


def _permanent(key: bytes) -> bool:
    name = key.partition(b":")[2].decode(errors="replace")
    return name in PERMANENT or name.startswith(DECLARATIONS)


@dataclass(frozen=True)
class Clients:
    """The connections of one node."""

    count: int
    bytes: int  # of their buffers in Redis


def users_by_address(rows: Iterable[dict[str, str]]) -> dict[str, str]:
    """From the rows of CLIENT LIST."""
    return {str(row.get("addr")): str(row.get("user", "")) for row in rows}


def clients_by_user(rows: Iterable[dict[str, str]], prefix: str) -> dict[str, Clients]:
    """By node, whose Redis user is the prefix and its slug."""
    clients: dict[str, Clients] = {}
    for row in rows:
        user = str(row.get("user", ""))
        if user.startswith(prefix):
            before = clients.get(slug := user.removeprefix(prefix), Clients(0, 0))
            clients[slug] = Clients(before.count + 1, before.bytes + int(row.get("tot-mem", 0)))
    return clients
