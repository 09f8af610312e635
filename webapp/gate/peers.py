"""Who calls: the address of the connection, or the one that a configured proxy reports.

ISTHMUS_PROXIES lists the proxies as addresses, networks or host names. What anybody else claims in X-Forwarded-For or
X-Forwarded-Proto is dropped, so that nothing behind this can believe it.
"""

import asyncio
import ipaddress
import socket
import time
from collections import Counter
from functools import lru_cache

from django.conf import settings

from webapp.gate.refusals import TOO_MANY_OF_YOURS, App, Receive, Scope, Send, refuse, refuse_socket

NAMES_S = 30.0  # how long the addresses of a proxy that is given by name are used
FORWARDED = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port", b"forwarded"})
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(4096)
def group(address: str) -> str:
    """Whose an address is: itself, or its /64 for IPv6, where every customer has as many addresses as there are."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))


class Proxies:
    """The configured proxies. Names are looked up again from time to time: a container's address changes."""

    def __init__(self) -> None:
        self._named: frozenset[str] = frozenset()
        self._at = float("-inf")
        self._entries: list[str] = []
        self._networks: list[Network] = []
        self._names: list[str] = []

    def includes(self, address: str) -> bool:
        self._read()
        if not self._entries:
            return False
        try:
            parsed = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        return str(parsed) in self._named or any(parsed in network for network in self._networks)

    async def look_up(self) -> None:
        self._read()
        if not self._names or time.monotonic() - self._at < NAMES_S:
            return
        self._at = time.monotonic()
        addresses: set[str] = set()
        for name in self._names:
            try:
                answers = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
            except OSError:
                continue  # not started yet: nothing is believed until it has an address
            addresses |= {str(answer[4][0]) for answer in answers}
        self._named = frozenset(addresses)

    def _read(self) -> None:
        if self._entries == settings.PROXIES:
            return
        self._entries, self._networks, self._names = list(settings.PROXIES), [], []
        self._named, self._at = frozenset(), float("-inf")
        for entry in self._entries:
            try:
                self._networks.append(ipaddress.ip_network(entry, strict=False))
            except ValueError:
                self._names.append(entry)


PROXIES = Proxies()


class RealPeer:
    """ASGI middleware: `client` and `scheme` as the proxy reports them, and how many requests one address has behind it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._counts: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        forwarded = [header for header in scope["headers"] if header[0] in FORWARDED]
        if not forwarded:
            await self.app(scope, receive, send)
            return
        await PROXIES.look_up()
        address = scope["client"][0] if scope.get("client") else ""
        headers = [header for header in scope["headers"] if header[0] not in FORWARDED]
        scope = {**scope, "headers": headers}
        if not PROXIES.includes(address):
            await self.app(scope, receive, send)
            return
        client = client_of(_joined(forwarded, b"x-forwarded-for"), address)
        scope["client"] = (client, 0)
        # The proxy adds its own value at the end; what stands before it was sent by the caller.
        if _joined(forwarded, b"x-forwarded-proto").rpartition(",")[2].strip() == "https":
            scope["scheme"] = "wss" if scope["type"] == "websocket" else "https"
        await self._counted(client, scope, receive, send)

    async def _counted(self, client: str, scope: Scope, receive: Receive, send: Send) -> None:
        peer = group(client)
        if self._counts[peer] >= settings.GATE_PEER_CONNECTIONS:
            answer = refuse if scope["type"] == "http" else refuse_socket
            await answer(send, receive, TOO_MANY_OF_YOURS)
            return
        self._counts[peer] += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._counts[peer] -= 1
            if not self._counts[peer]:
                del self._counts[peer]


def _joined(headers: list[tuple[bytes, bytes]], name: bytes) -> str:
    return b",".join(value for header, value in headers if header == name).decode("latin-1")


def client_of(forwarded_for: str, proxy: str) -> str:
    """The last address of X-Forwarded-For that is not a proxy's: everything before it is the caller's own claim."""
    for entry in reversed(forwarded_for.split(",")):
        address = _bare(entry.strip())
        if not address:
            break
        if not PROXIES.includes(address):
            return address
    return proxy


def _bare(entry: str) -> str:
    """The address without a port; empty for what is no address."""
    candidates = (entry, entry.partition("]")[0].removeprefix("["), entry.rpartition(":")[0])
    for candidate in candidates:
        try:
            return str(ipaddress.ip_address(candidate))
        except ValueError:
            continue
    return ""
