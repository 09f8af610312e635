"""Calls to the web app, with the standard library only: one package less on a board."""

import http.client
import json
import logging
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

log = logging.getLogger(__name__)
TIMEOUT_S = 5.0
SILENCE_S = 30.0  # of a download, before its connection counts as broken
MAX_ANSWER = 256 * 1024
CHUNK = 64 * 1024
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Unreachable(Exception):
    """No answer, or not from Isthmus; worth a retry. `code`: the server's, where it said why it cannot answer yet."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Refused(Exception):
    """The server said no; `code` is for programs, the text is its own sentence."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Server:
    """`authority`: a file with the certificate authority to trust, besides the system's."""

    def __init__(self, url: str, token: str = "", authority: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Refused(0, "bad_server", f"{url!r} is not the address of a server; give one like http://cloud.example:8000.")
        self.url, self.token = url.rstrip("/"), token
        # A proxy is for the world outside; asking one for this machine would ask for the proxy's own.
        handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})] if parts.hostname in LOOPBACK else []
        if authority:
            context = ssl.create_default_context()
            context.load_verify_locations(authority)
            handlers.append(urllib.request.HTTPSHandler(context=context))
        self._opener = urllib.request.build_opener(*handlers)

    def get(self, path: str) -> dict[str, Any]:
        return self._call(urllib.request.Request(self.url + path))

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        data = json.dumps(body, allow_nan=False).encode()
        return self._call(urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}))

    def download(self, path: str, part: Path, size: int, advanced: Callable[[int], None] = lambda size: None) -> None:
        """Append to `part` from where it ends, until it has `size` bytes; `advanced` gets how many it has. Raises Unreachable,
        after which what has arrived stays, and OSError where it cannot be written. A server that ignores the range starts the
        file again."""
        start = part.stat().st_size if part.exists() else 0
        if start > size:
            part.unlink()
            start = 0
        if start == size:
            part.touch()
            return
        request = urllib.request.Request(self.url + path, headers={"Range": f"bytes={start}-"} if start else {})
        with closing(self._open(request, SILENCE_S)) as answer:
            if answer.status == http.client.PARTIAL_CONTENT:
                if not answer.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
                    raise Unreachable(f"{self.url} sent another part of the file than it was asked for.")
            else:
                start = 0
            with part.open("ab" if start else "wb") as file:
                while start < size and (data := self._read(answer, min(CHUNK, size - start))):
                    file.write(data)
                    start += len(data)
                    advanced(start)
        if start < size:
            raise Unreachable(f"The connection to {self.url} broke.")

    def _call(self, request: urllib.request.Request) -> dict[str, Any]:
        with closing(self._open(request, TIMEOUT_S)) as answer:
            return _object(self._read(answer, MAX_ANSWER, whole=True))

    def _open(self, request: urllib.request.Request, timeout_s: float) -> http.client.HTTPResponse:
        if self.token:
            request.add_unredirected_header("Authorization", f"Bearer {self.token}")  # not for where a redirect leads
        try:
            answer: http.client.HTTPResponse = self._opener.open(request, timeout=timeout_s)
        except urllib.error.HTTPError as error:
            raise _refusal(error) from None
        except (OSError, http.client.HTTPException) as error:
            raise self._silent(error) from error
        return answer

    def _read(self, answer: http.client.HTTPResponse, size: int, whole: bool = False) -> bytes:
        """What has arrived, at most `size` bytes; with `whole`, waits for all of them."""
        try:
            return answer.read(size) if whole else answer.read1(size)
        except (OSError, http.client.HTTPException) as error:
            raise self._silent(error) from error

    def _silent(self, error: Exception) -> Unreachable:
        return Unreachable(f"{self.url} does not answer ({getattr(error, 'reason', None) or error}).")


def _object(data: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(data)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Unreachable("The answer is not from Isthmus; check the server's address.")
    return answer


def _refusal(error: urllib.error.HTTPError) -> Exception:
    """The server's own sentence; a server that is starting, overloaded or gone behind its proxy is worth another try."""
    try:
        body = _object(error.read(MAX_ANSWER)).get("error")
    except (Unreachable, OSError, http.client.HTTPException):
        body = None
    if not isinstance(body, dict):
        return Unreachable(f"The server answered {error.code}.")
    words = f"{body.get('message', '')} {body.get('next', '')}".strip()
    if error.code >= 500:
        return Unreachable(words or f"The server answered {error.code}.", str(body.get("code", "")))
    return Refused(error.code, str(body.get("code", "refused")), words)


def own_address(server: str) -> str:
    """This machine's own address on the way to the server, which is what its neighbours see. Nothing is sent."""
    parts = urlsplit(server)
    try:
        kind, _, _, _, address = socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_DGRAM)[0]
        with socket.socket(kind, socket.SOCK_DGRAM) as asked:
            asked.connect(address)
            return str(asked.getsockname()[0])
    except OSError as error:
        log.warning("no uploads until the next start: no route to the server (%s)", error)
        return ""
