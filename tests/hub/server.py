"""A model hub on this machine: a real HTTP server that serves small repositories at the hub's addresses.

`/api/models/REPO/tree/COMMIT` lists a commit, `/REPO/resolve/COMMIT/FILE` is a file, with ranges. It can be slow, cut
connections, send something else, or refuse everything.
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from inference.engine.hub.pins import CHECKPOINT, WEIGHTS, Pin

NAME = r"[\w-]+/[\w.-]+"
ADDRESS = re.compile(
    rf"/(?:api/models/(?P<listed>{NAME})/tree/(?P<tree>\w+)|(?P<repo>{NAME})/resolve/(?P<commit>\w+)/(?P<file>.+))"
)
PIECE = 16_384
LARGE = 100_000  # bytes; the hub keeps larger files as LFS objects, by SHA-256


@dataclass
class Hub:
    folders: dict[str, Path] = field(default_factory=dict)  # by repository
    cut_after: int | None = None  # bytes of one response, then the connection ends
    cuts: int = 10**9  # how often
    bytes_per_s: float | None = None
    tampered: str = ""  # name of a file that is sent with other content
    missing: str = ""  # name of a file that is listed and not there
    status: int = 200  # what every address answers
    ranges: bool = True
    url: str = ""
    sent: int = 0  # bytes of files
    requests: list[tuple[str, str]] = field(default_factory=list)  # path, Range

    def pin(self, repository: str) -> Pin:
        folder = self.folders[repository]
        name = WEIGHTS if (folder / WEIGHTS).exists() else CHECKPOINT
        data = (folder / name).read_bytes()
        return Pin(repository, self.commit(repository), name, len(data), hashlib.sha256(data).hexdigest())

    def commit(self, repository: str) -> str:
        return hashlib.sha1(repository.encode(), usedforsecurity=False).hexdigest()

    def write_pins(self, file: Path) -> Path:
        file.write_text(json.dumps([asdict(self.pin(repository)) for repository in self.folders]))
        return file


def digest(data: bytes) -> str:
    if len(data) > LARGE:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(f"blob {len(data)}\0".encode() + data, usedforsecurity=False).hexdigest()


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_HEAD(self) -> None:
            self._answer()

        def _answer(self) -> None:
            parts = ADDRESS.fullmatch(unquote(urlsplit(self.path).path))
            hub.requests.append((self.path, self.headers.get("Range", "")))
            repository = parts and (parts["listed"] or parts["repo"])
            commit = parts and (parts["tree"] or parts["commit"])
            if hub.status != 200 or not repository or commit != hub.commit(repository) or repository not in hub.folders:
                self._plain(404 if hub.status == 200 else hub.status, b"{}", {"X-Error-Code": "RevisionNotFound"})
            elif parts["tree"]:
                self._plain(200, json.dumps([self._entry(file) for file in self._files(repository)]).encode())
            else:
                self._file(repository, parts["file"])

        def _files(self, repository: str) -> list[Path]:
            return sorted(file for file in hub.folders[repository].iterdir() if file.is_file())

        def _entry(self, file: Path) -> dict[str, object]:
            data = file.read_bytes()
            lfs = {"oid": digest(data), "size": len(data), "pointerSize": 130} if len(data) > LARGE else None
            oid = digest(data) if lfs is None else "0" * 40
            return {"type": "file", "path": file.name, "size": len(data), "oid": oid} | ({"lfs": lfs} if lfs else {})

        def _file(self, repository: str, name: str) -> None:
            file = hub.folders[repository] / name
            if name == hub.missing or not file.exists():
                self._plain(404, b"{}", {"X-Error-Code": "EntryNotFound"})
                return
            data = file.read_bytes()
            headers = {"ETag": f'"{digest(data)}"', "X-Linked-Size": str(len(data)), "X-Repo-Commit": hub.commit(repository)}
            if name == hub.tampered:
                data = bytes(len(data))
            first = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if hub.ranges else None
            start = int(first[1]) if first else 0
            self.send_response(206 if first else 200)
            headers |= {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if first else {}
            for header, value in {**headers, "Accept-Ranges": "bytes", "Content-Length": str(len(data) - start)}.items():
                self.send_header(header, value)
            self.end_headers()
            if self.command == "GET":
                self._send(data[start:])

        def _send(self, data: bytes) -> None:
            cut = hub.cut_after if hub.cuts > 0 and hub.cut_after is not None and len(data) > hub.cut_after else None
            for start in range(0, len(data) if cut is None else cut, PIECE):
                piece = data[start : min(start + PIECE, len(data) if cut is None else cut)]
                self.wfile.write(piece)
                hub.sent += len(piece)
                if hub.bytes_per_s:
                    time.sleep(len(piece) / hub.bytes_per_s)
            if cut is not None:
                hub.cuts -= 1
                self.wfile.flush()
                self.close_connection = True
                self.connection.shutdown(2)

        def _plain(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for header, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **(headers or {}),
            }.items():
                self.send_header(header, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def handle(self) -> None:
            try:
                super().handle()
            except (ConnectionError, OSError):
                self.close_connection = True  # the other side ended it

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
