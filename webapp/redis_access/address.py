"""`REDIS_URL`: the address of one Redis, or of the sentinels that know which of several is the master at present.

redis://:PASSWORD@HOST:6379/0 · rediss://… over TLS · sentinel://:PASSWORD@HOST:26379,HOST:26379,HOST:26379/NAME, where NAME is
what the sentinels call the master, and a further /1 the number of a database.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from webapp.env import BadSetting

SCHEMES = ("redis", "rediss", "unix")
SENTINEL, SENTINEL_PORT = "sentinel", 26379
SENTINEL_TIMEOUT_S = 1.0  # one that does not answer by then is passed over


@dataclass(frozen=True)
class Sentinels:
    """`places`: host and port of each; `name`: what they call the master. The credentials are those of the Redis servers, which
    all have the same; the sentinels' own are apart."""

    places: tuple[tuple[str, int], ...]
    name: str
    db: int = 0
    username: str = ""
    password: str = ""
    sentinel_username: str = ""
    sentinel_password: str = ""

    @property
    def credentials(self) -> dict[str, str]:
        return _given(username=self.username, password=self.password)

    @property
    def sentinel_options(self) -> dict[str, Any]:
        """Of the connections to the sentinels themselves."""
        own = _given(username=self.sentinel_username, password=self.sentinel_password)
        return {"socket_timeout": SENTINEL_TIMEOUT_S, "socket_connect_timeout": SENTINEL_TIMEOUT_S, **own}


def sentinels(url: str) -> Sentinels | None:
    """None where the address is that of a Redis itself. Raises BadSetting."""
    parts = urlsplit(url)
    if parts.scheme in SCHEMES:
        return None
    if parts.scheme != SENTINEL:
        raise BadSetting(f"REDIS_URL must begin with redis://, rediss:// or sentinel://, not {parts.scheme[:20]!r}.")
    credentials, _, hosts = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    name, _, db = parts.path.strip("/").partition("/")
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    places = tuple(_place(host) for host in hosts.split(",") if host)
    if not places or not name:
        raise BadSetting("REDIS_URL must name sentinels and their master: sentinel://:PASSWORD@HOST:26379,HOST:26379/NAME.")
    if (db and not db.isdecimal()) or options.keys() - {"username", "password"}:
        raise BadSetting("REDIS_URL may have a number after the master's name, and ?username=…&password=… of the sentinels.")
    return Sentinels(
        places,
        unquote(name),
        int(db or 0),
        unquote(username),
        unquote(password),
        options.get("username", ""),
        options.get("password", ""),
    )


def _place(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        return str(parts.hostname or ""), parts.port or SENTINEL_PORT
    except ValueError:
        raise BadSetting(f"REDIS_URL has a sentinel that is no host:port: {text[:60]!r}.") from None


def celery_url(url: str) -> str:
    """As Celery's broker and result store take it."""
    at = sentinels(url)
    if at is None:
        return url
    credentials = f"{quote(at.username, safe='')}:{quote(at.password, safe='')}@" if at.password else ""
    return ";".join(f"{SENTINEL}://{credentials}{_bracketed(host)}:{port}/{at.db}" for host, port in at.places)


def celery_options(url: str) -> dict[str, Any]:
    """What belongs into Celery's transport options besides."""
    at = sentinels(url)
    return {} if at is None else {"master_name": at.name, "sentinel_kwargs": at.sentinel_options}


def channel_host(url: str) -> str | dict[str, Any]:
    """As channels_redis takes one of its hosts."""
    at = sentinels(url)
    if at is None:
        return url
    return {
        "sentinels": list(at.places),
        "master_name": at.name,
        "sentinel_kwargs": at.sentinel_options,
        "db": at.db,
        **at.credentials,
    }


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _given(**texts: str) -> dict[str, str]:
    return {key: text for key, text in texts.items() if text}
