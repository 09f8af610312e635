"""Nodes that joined with a code, over HTTP like a real board."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.test import Client

from devices.agent import config
from devices.models import Node
from devices.registry import acl, enrolment
from tests.settings import PRIVATE_REDIS

FINGERPRINT = "0123:4567:89ab:cdef"


@dataclass
class Board:
    """A joined node as the board sees it: its token, and its own connection to Redis."""

    node: Node
    token: str
    password: str

    @property
    def redis_url(self) -> str:
        return self.config().redis_url

    def config(self) -> config.Config:
        """The configuration in the board's home folder."""
        at = {"scheme": "redis", "host": "127.0.0.1", "port": PRIVATE_REDIS.port, "db": 0}
        redis_access = {**at, "username": acl.user_name(self.node.slug), "password": self.password}
        return config.Config("http://127.0.0.1:9", self.node.slug, self.node.tier, self.token, "", redis_access)

    def redis(self) -> "redis.Redis":
        return redis.Redis.from_url(self.redis_url, decode_responses=True)

    def get(self, path: str) -> Any:
        return Client().get(f"/api/v1/nodes{path}", headers={"Authorization": f"Bearer {self.token}"})

    def beat(self, **report: Any) -> Any:
        return self.post("/me/heartbeat", report)

    def post(self, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        return Client().post(f"/api/v1/nodes{path}", body, content_type="application/json", headers=headers)


@pytest.fixture(autouse=True)
def _clean(store: Any, db: None) -> Iterator[None]:
    """Clear the guesses counted by address and the Redis users, which must not reach the next test."""
    cache.clear()
    yield
    for name in store.acl_users():
        if name.startswith(acl.PREFIX):
            store.acl_deluser(name)


@pytest.fixture
def joined() -> Callable[..., Board]:
    """A node that has redeemed its code and has no Redis credentials yet."""

    def join(name: str = "jetson-a", tier: str = "device", *, preapproved: bool = True, **simulated: Any) -> Board:
        code = enrolment.create_code(name=name, tier=tier, preapproved=preapproved, **simulated)
        node, token = enrolment.join(code, FINGERPRINT, {"hostname": "orin"})
        return Board(node, token, "")

    return join


@pytest.fixture
def board(joined: Callable[..., Board]) -> Callable[..., Board]:
    """A node with all credentials."""

    def make(name: str = "jetson-a", tier: str = "device", **simulated: Any) -> Board:
        device = joined(name, tier, **simulated)
        device.password = enrolment.credentials(device.node)
        return device

    return make
