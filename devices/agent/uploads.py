"""Photos that a browser in the node's network uploads directly, at a signed address: valid for one photo and a minute.

Off unless the node is told where to listen, for example `ISTHMUS_UPLOADS=0.0.0.0:8765`. The key that signs is drawn at every
start and never leaves this process, so an address can be made only by a job of the cloud, and checked only here. What arrives
is held in memory, not looked into, until the job comes that takes it."""

import hashlib
import hmac
import json
import logging
import os
import secrets
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from devices.agent.config import ConfigError
from devices.agent.server import own_address
from devices.agent.sharing.waiting_photos import WaitingPhotos

log = logging.getLogger(__name__)
MAX_BYTES = 32 * 1024 * 1024
WAITING_S = 60.0  # then an uncollected photo is dropped
SPENT_S = 300  # longer than any address is good
MAX_CONNECTIONS, MAX_OF_PEER = 4, 2
SILENCE_S, WHOLE_S = 10.0, 120.0  # between two pieces; for all of a photo
PIECE = 256 * 1024
ANYWHERE = frozenset({"0.0.0.0", "::"})


class UploadError(Exception):
    """No photo; one sentence says why."""


class Uploads:
    def __init__(self) -> None:
        self.base = ""  # where a browser finds this node; empty: nowhere
        self._key = secrets.token_bytes(32)
        self.waiting = WaitingPhotos()
        self._spent: dict[str, int] = {}  # photo -> until when its address would be good
        self._lock = threading.Lock()

    def invite(self, photo: str, seconds: float, person: str = "") -> str:
        """The address that takes this photo for so long. Raises UploadError."""
        if not self.base:
            raise UploadError("This node takes no uploads; set ISTHMUS_UPLOADS there and start its agent again.")
        until = int(time.monotonic() + seconds)
        self.waiting.invite(photo, person)
        return f"{self.base}/photos/{photo}?until={until}&signature={self._signature(photo, until)}"

    def collect(self, photo: str) -> bytes:
        """What was handed over as this photo, as it came; it is held no longer. Raises UploadError."""
        data = self.waiting.take(photo)
        if data is None:
            raise UploadError("No photo was uploaded at that address, or it has expired.")
        return data

    def discard(self, photo: str) -> None:
        """The photo was deleted: what was handed over goes, and nothing more is taken at its address."""
        self.waiting.take(photo)
        with self._lock:
            self._spent[photo] = int(time.monotonic()) + SPENT_S

    def refusal(self, photo: str, query: str) -> tuple[HTTPStatus, str] | None:
        """Why nothing may be handed over at this address."""
        fields = parse_qs(query)
        until, signature = (fields.get(name, [""])[0] for name in ("until", "signature"))
        right = until.isdecimal() and len(until) < 16
        if not right or not hmac.compare_digest(signature.encode(), self._signature(photo, int(until)).encode()):
            return HTTPStatus.FORBIDDEN, "The signature of this address is invalid."
        if time.monotonic() > int(until):
            return HTTPStatus.GONE, "This address has expired."
        with self._lock:
            if photo in self._spent:
                return HTTPStatus.CONFLICT, "This address has been used."
        full = HTTPStatus.SERVICE_UNAVAILABLE, "Photos of other people wait here; try again in a minute."
        return None if self.waiting.has_room(photo) else full

    def hold(self, photo: str, data: bytes, until: int = 0) -> None:
        """Keep it for the job that collects it. `until`: as its address says, which takes nothing more."""
        with self._lock:
            now = time.monotonic()
            self._spent = {used: end for used, end in self._spent.items() if end > now} | {photo: until}
        self.waiting.put(photo, data)
        _after(WAITING_S, self.waiting.take, photo)

    def _signature(self, photo: str, until: int) -> str:
        return hmac.digest(self._key, f"PUT {photo} {until}".encode(), hashlib.sha256).hex()


def listening(server: str, told: str | None = None) -> Uploads:
    """Uploads of this node, taken where the setting says. Raises ConfigError."""
    made, where = Uploads(), (os.environ.get("ISTHMUS_UPLOADS", "") if told is None else told).strip()
    if not where:
        return made
    host, _, port = where.rpartition(":")
    try:
        if not host:
            raise ValueError("the host must be explicit (use 0.0.0.0 for all interfaces)")
        listener = _Listener((host, int(port)), made)
    except (OSError, ValueError, OverflowError) as error:
        why = getattr(error, "strerror", None) or "HOST:PORT is wanted, for example 0.0.0.0:8765"
        raise ConfigError(f"ISTHMUS_UPLOADS={where[:60]} cannot be listened at ({why}).") from None
    seen = own_address(server) if host in ANYWHERE else host.strip("[]")
    made.base = f"http://{f'[{seen}]' if ':' in seen else seen}:{listener.server_address[1]}" if seen else ""
    threading.Thread(target=listener.serve_forever, name="uploads", daemon=True).start()
    return made


class _Listener(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], uploads: Uploads) -> None:
        self.uploads = uploads
        self._lock, self._peers = threading.Lock(), Counter[str]()
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__((address[0].strip("[]"), address[1]), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        peer = client_address[0]
        with self._lock:
            room = self._peers.total() < MAX_CONNECTIONS and self._peers[peer] < MAX_OF_PEER
            self._peers[peer] += room
        if room:
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)  # the browser goes by way of the server

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        # The time-out of the handler is for one piece. This one is for everything: bytes that trickle do not renew it.
        late = _after(WHOLE_S, _cut, request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            late.cancel()
            with self._lock:
                self._peers[client_address[0]] -= 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):  # a neighbour that hangs up in the middle is no news
            super().handle_error(request, client_address)


def _after(seconds: float, action: Callable[..., object], *arguments: object) -> threading.Timer:
    timer = threading.Timer(seconds, action, arguments)
    timer.daemon = True
    timer.start()
    return timer


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # closed meanwhile
        connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "isthmus", ""
    timeout = SILENCE_S
    error_message_format, error_content_type = '{"message": "%(message)s."}', "application/json"

    def handle_one_request(self) -> None:
        self._late = _after(SILENCE_S, _cut, self.connection)
        try:
            super().handle_one_request()
        finally:
            self._late.cancel()

    def parse_request(self) -> bool:
        """The line and the headers are there, or the time for them is over."""
        try:
            return super().parse_request()
        finally:
            self._late.cancel()

    def do_OPTIONS(self) -> None:
        """The browser asks whether a page of the server may send something here. What may be sent, the signature says."""
        self._answer(HTTPStatus.NO_CONTENT)

    def do_PUT(self) -> None:
        parts = urlsplit(self.path)
        folder, _, photo = parts.path.rpartition("/")
        refused = (HTTPStatus.NOT_FOUND, "Nothing is here.") if folder != "/photos" else None
        refused = refused or self.server.uploads.refusal(photo, parts.query) or self._too_large()
        if refused:
            return self._answer(refused[0], {"message": refused[1]})
        with self.server.uploads.waiting.receiving(photo) as free:
            if not free:
                return self._answer(HTTPStatus.CONFLICT, {"message": "This photo is being sent already."})
            data = self._body()
            if data is None:
                return self._answer(HTTPStatus.BAD_REQUEST, {"message": "The photo was cut short, or came too slowly."})
            self.server.uploads.hold(photo, data, int(parse_qs(parts.query)["until"][0]))
        return self._answer(HTTPStatus.CREATED, {"bytes": len(data)})

    def _too_large(self) -> tuple[HTTPStatus, str] | None:
        length = self.headers.get("Content-Length") or ""
        if not length.isdecimal():
            return HTTPStatus.LENGTH_REQUIRED, "The Content-Length header is missing."
        if len(length) > 12 or int(length) > MAX_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The photo is larger than {MAX_BYTES // 1024 // 1024} MB."
        return None

    def _body(self) -> bytes | None:
        left, until, held = int(self.headers["Content-Length"]), time.monotonic() + WHOLE_S, bytearray()
        read: Callable[[int], bytes] = self.rfile.read1  # type: ignore[attr-defined]
        try:
            while left and time.monotonic() < until and (piece := read(min(left, PIECE))):
                held += piece
                left -= len(piece)
        except OSError:
            return None
        return None if left else bytes(held)

    def _answer(self, status: HTTPStatus, body: dict[str, Any] | None = None) -> None:
        """Any page may ask: no cookie is sent along, and without a signature nothing can be done."""
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (
            ("Access-Control-Allow-Origin", "*"),
            ("Access-Control-Allow-Methods", "PUT"),
            ("Access-Control-Allow-Headers", "Content-Type"),
            ("Access-Control-Allow-Private-Network", "true"),
            ("Access-Control-Max-Age", "600"),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(data))),
            ("Connection", "close"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: an address is a key, and keys do not belong in logs."""
