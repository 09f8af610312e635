"""Following the server to another address: it offers its present ones with a heartbeat, and the node tries them first.

An offer that does not work from here changes nothing, so a setting meant for other nodes cannot cut this one off. Another place
of Redis alone, after a fail-over, needs no new start: connections broke, and new ones are to that place (`place`).
"""

import logging
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import redis

from devices.agent import config
from devices.agent.config import Config
from devices.agent.server import Refused, Server, Unreachable
from devices.contract.heartbeat import Access, RedisAddress
from devices.contract.protocol import ANSWERING, key

log = logging.getLogger(__name__)
TIMEOUT_S = 3.0
NOTHING = "nothing"  # a key that never exists


def adopt(home: Path, offer: Access | None) -> Config | None:
    """Store what follows from an offer, or from a server that does not answer (None). The configuration if this process has to
    start over with it. Raises OSError."""
    stored = config.load(home)
    node = fall_back(stored) if offer is None else follow(home, stored, offer)
    if node is None or node == stored:
        return None
    elsewhere = _place(node) != _place(stored) and _answers(stored)  # connections to the earlier place would stay there
    config.save(home, node)
    return node if elsewhere or _without_place(node) != _without_place(stored) else None


def _place(node: Config) -> tuple[Any, Any]:
    return (node.redis or {}).get("host"), (node.redis or {}).get("port")


def _without_place(node: Config) -> tuple[object, ...]:
    """What a process has to start over for."""
    return node.server, node.server_ca, {**(node.redis or {}), "host": "", "port": 0}


def follow(home: Path, node: Config, offer: Access) -> Config | None:
    """The configuration that follows an offer, as far as it works from here; None when Redis cannot be reached there."""
    credentials = _redis(home, node, offer.redis)
    if credentials is None:
        return None
    # A node that joined at the public address moves with it; any other keeps its own, and the public one in reserve.
    follows = node.follows or node.server in (node.public_url, offer.server)
    node = replace(node, redis=credentials, public_url=offer.server, follows=follows)
    if offer.ca and _is_authority(offer.ca):
        node = replace(node, server_ca=config.write_authority(home, "server", offer.ca))
    if follows and node.server != offer.server:
        if not _knows(node, offer.server):
            return node  # without the digest: the server offers it again
        node = replace(node, server=offer.server)
    return replace(node, access=offer.digest)


def fall_back(node: Config) -> Config | None:
    """After the server has not answered for a while: the configuration at its public address, if it answers there."""
    if not node.public_url or node.public_url == node.server or not _knows(node, node.public_url):
        return None
    return replace(node, server=node.public_url)


def _knows(node: Config, url: str) -> bool:
    """Whether the server at this address accepts the node's token."""
    try:
        Server(url, node.token, node.server_ca).get("/api/v1/nodes/me")
    except (Unreachable, Refused) as error:
        log.info("%s cannot be used yet: %s", url, error)
        return False
    return True


def _redis(home: Path, node: Config, offer: RedisAddress) -> dict[str, Any] | None:
    """The node's credentials with the address that works from here; None if none does."""
    present = node.redis or {}
    if _same(present, offer):
        return present
    return reachable(home, node, offer, str(present.get("username")), str(present.get("password")))


def reachable(home: Path, node: Config, offer: RedisAddress, username: str, password: str) -> dict[str, Any] | None:
    """Credentials with the first address that lets this node in: the offered one, the server's own, or the one it knows."""
    known = f"{node.redis['host']}:{node.redis['port']}" if node.redis else ""
    for place in filter(None, dict.fromkeys([f"{offer.host}:{offer.port}", offer.inner, known])):
        host, _, port = place.rpartition(":")
        address = offer.model_copy(update={"host": host, "port": int(port)}).model_dump(exclude={"inner"})
        credentials = config.write_ca_file(home, {**address, "username": username, "password": password})
        if _answers(replace(node, redis=credentials)):
            return credentials
    return None


def _same(present: dict[str, Any], offer: RedisAddress) -> bool:
    plain = offer.model_dump(exclude={"ca", "inner"})
    if any(present.get(name) != value for name, value in plain.items()):
        return False
    file = present.get("ca_file")
    return (Path(file).read_text() if file else None) == offer.ca


def _is_authority(pem: str) -> bool:
    try:
        ssl.create_default_context().load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        log.warning("the server's certificate authority cannot be read: %s", error)
        return False
    return True


def _answers(node: Config) -> bool:
    try:
        with redis.Redis.from_url(node.redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S) as client:
            client.llen(key(node.slug, ANSWERING))
            client.delete(key(node.slug, NOTHING))  # a replica answers too, and refuses to write
    except (redis.RedisError, OSError) as error:
        log.info("Redis at %s cannot be used yet: %s", (node.redis or {}).get("host"), error)
        return False
    return True
