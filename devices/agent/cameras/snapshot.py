"""A snapshot over HTTP: `http://192.168.0.8/snapshot.jpg`, with a user and password where the camera wants them."""

import base64
import http.client
import time
import urllib.error
import urllib.request
from typing import IO
from urllib.parse import unquote, urlsplit, urlunsplit

from devices.agent.cameras.source import TIMEOUT_S, CameraError, check_size


class Snapshot:
    kinds: tuple[str, ...] = ("http", "https")

    def accepts(self, source: str) -> bool:
        return bool(urlsplit(source).hostname)

    def frame(self, name: str, source: str) -> bytes:
        until, data = time.monotonic() + TIMEOUT_S, bytearray()
        try:
            with _opener().open(_request(source), timeout=TIMEOUT_S / 2) as answer:
                while chunk := answer.read1(65536):
                    data += chunk
                    if time.monotonic() > until:
                        raise CameraError(f"The camera {name} sends too slowly.")
                    check_size(name, len(data))
        except urllib.error.HTTPError as error:
            raise CameraError(f"The camera {name} answered {error.code}.") from None
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "reason", None) or error.__class__.__name__
            raise CameraError(f"The camera {name} does not answer ({why}).") from None
        return bytes(data)


class _SameScheme(urllib.request.HTTPRedirectHandler):
    """Follows a camera that moves to HTTPS or to another page, and nothing that leaves the web (file:, ftp:)."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in {"http", "https"}:
            raise urllib.error.URLError("it redirects elsewhere")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _request(source: str) -> urllib.request.Request:
    parts = urlsplit(source)
    request = urllib.request.Request(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])))
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(pair).decode()}")
    return request


def _opener() -> urllib.request.OpenerDirector:
    """No proxy and no file: a camera is in the board's own network."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.HTTPDefaultErrorHandler,
        _SameScheme,
    ):
        opener.add_handler(handler())
    return opener
