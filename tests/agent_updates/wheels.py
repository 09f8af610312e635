"""The agent's own wheel, and wheels that differ from it in one thing; a server that hands them out."""

import hashlib
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from devices.contract.updates import AgentWheel, signature

Change = Callable[[str, bytes], bytes | None]  # of a file in the wheel, by its name; None: it is left out


def changed(wheel: Path, folder: Path, change: Change) -> Path:
    """A copy with other contents."""
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as before, zipfile.ZipFile(folder / wheel.name, "w") as after:
        for name in before.namelist():
            if (data := change(name, before.read(name))) is not None:
                after.writestr(name, data)
    return folder / wheel.name


def is_metadata(name: str) -> bool:
    return name.endswith(".dist-info/METADATA")


def with_line(requirement: str) -> Change:
    """One more line in its metadata."""

    def change(name: str, data: bytes) -> bytes:
        return data.replace(b"Requires-Python", requirement.encode() + b"\nRequires-Python", 1) if is_metadata(name) else data

    return change


def offer_of(wheel: Path, token: str = "secret", request: int = 0) -> AgentWheel:
    """As the server of the node with that token makes it."""
    data = wheel.read_bytes()
    digest, key = hashlib.sha256(data).hexdigest(), hashlib.sha256(token.encode()).hexdigest()
    signed = signature(digest, len(data), wheel.name, request, key)
    return AgentWheel(digest=digest, size=len(data), name=wheel.name, request=request, signature=signed)


@contextmanager
def serving(body: Callable[[], bytes], token: str = "secret") -> Iterator[str]:
    """The address of a server that has these bytes as its agent, for whoever has the token."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.headers.get("Authorization") != f"Bearer {token}":
                self.send_response(401)
                self.end_headers()
                return
            data = body() if "/agent/" in self.path else json.dumps({"slug": "jetson-a", "approved": True}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *values: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
