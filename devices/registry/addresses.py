"""The addresses under which nodes reach this server, as the settings have them now, and with sentinels the present master.

A node reports which ones it knows; where they have changed since, the reply to its heartbeat holds the present ones.
"""

import hashlib
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from django.conf import settings

from devices.contract.heartbeat import Access, RedisAddress
from webapp.redis_access import address, connections


def present() -> Access:
    """Raises OSError when the file with Redis's certificate authority cannot be read, redis.RedisError where the sentinels know
    no master."""
    master = connections.master(settings.REDIS_URL)
    return _access(settings.REDIS_URL, master, settings.NODE_REDIS_HOST, settings.PUBLIC_URL, settings.PUBLIC_CA)


@cache  # settings do not change while a process runs, and the master hardly
def _access(redis_url: str, master: tuple[str, int] | None, node_redis_host: str, public_url: str, public_ca: str) -> Access:
    redis = _redis(_plain(redis_url, master), node_redis_host)
    content = f"{public_url}\n{public_ca}\n{redis.model_dump_json()}"
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    return Access(server=public_url.rstrip("/"), ca=public_ca or None, redis=redis, digest=digest)


def _plain(url: str, master: tuple[str, int] | None) -> str:
    """The address of the master itself."""
    at = address.sentinels(url)
    if at is None or master is None:
        return url
    host, port = master
    return f"redis://{f'[{host}]' if ':' in host else host}:{port}/{at.db}"


def _redis(url: str, node_host: str) -> RedisAddress:
    """Where the server itself finds Redis, unless a setting names another host for nodes."""
    ours = urlsplit(url)
    host, _, port = node_host.partition(":")
    authority = parse_qs(ours.query).get("ssl_ca_certs", [""])[0]
    inner_host, inner_port = ours.hostname or "127.0.0.1", ours.port or 6379
    return RedisAddress(
        scheme=ours.scheme,
        host=host or inner_host,
        port=int(port or inner_port),
        inner=f"{inner_host}:{inner_port}",
        db=int(ours.path.strip("/") or 0),
        ca=Path(authority).read_text() if authority else None,
    )
