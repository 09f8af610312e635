"""Tiny bundles, and a server of them that fails on request."""

import json
import random
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from devices.agent.server import Server
from devices.registry import enrolment
from inference.engine.bundles.signed_manifest import key_of, signature
from inference.engine.bundles.store import MANIFEST, manifest
from inference.stages.bundle_source import ROOT, ServerBundles

TOKEN = "the node's token"
FIRST, SECOND = "0123456789abcdef", "fedcba9876543210"
SIZES = {
    "card.json": 900,
    "empty.json": 0,
    "classify/networks.json": 400,
    "classify/tower-pixels-8.onnx": 90_000,
    "vqa/step.onnx": 30_000,
}


def contents(seed: int = 0) -> dict[str, bytes]:
    return {name: random.Random(f"{seed} {name}").randbytes(size) for name, size in SIZES.items()}


def write_bundle(folder: Path, files: Mapping[str, bytes], profile: str = "compact", digest: str = FIRST) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / MANIFEST).write_text(json.dumps(manifest(profile, digest, folder), indent=1) + "\n")
    return folder


class _Handler(BaseHTTPRequestHandler):
    server: "BundleServer"

    def do_GET(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self._send(401, json.dumps({"error": {"code": "revoked", "message": "No.", "next": "Join again."}}).encode())
            return
        _, digest, name = (*self.path.removeprefix(f"{ROOT}/").split("/", 2), "", "")[:3]
        self._file(name) if digest else self._manifest()

    def _manifest(self) -> None:
        status, body = self.server.answer()
        self._send(status, body)

    def _file(self, name: str) -> None:
        data, start = (self.server.folder / name).read_bytes(), 0
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and not self.server.ignores_ranges:
            start = int(wanted[1])
        self.server.asked.append((name, start))
        if self.server.damages[name]:
            self.server.damages[name] -= 1
            data = data[:5] + bytes([data[5] ^ 1]) + data[6:]
        total, body = len(data), data[start:] + self.server.surplus
        cut = self.server.cuts.pop(0) if self.server.cuts else len(body)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.end_headers()
        self.wfile.write(body[:cut])
        self.server.sent[name] += len(body[:cut])
        if cut < len(body):
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


class BundleServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.cuts: list[int] = []  # bytes after which a response breaks off, response by response
        self.damages: Counter[str] = Counter()  # responses with a wrong byte, by file
        self.ignores_ranges = False
        self.surplus = b""  # after each file
        self.answers: list[tuple[int, bytes]] = []  # instead of the manifest, one after the other
        self.sent: Counter[str] = Counter()
        self.asked: list[tuple[str, int]] = []

    def answer(self) -> tuple[int, bytes]:
        return self.answers.pop(0) if self.answers else (200, signed((self.folder / MANIFEST).read_text()))

    def source(self, token: str = TOKEN) -> ServerBundles:
        return ServerBundles(Server(f"http://127.0.0.1:{self.server_port}", token))


def signed(text: str, token: str = TOKEN) -> bytes:
    return json.dumps({"manifest": text, "signature": signature(text, key_of(token))}).encode()


@contextmanager
def serving(folder: Path) -> Iterator[BundleServer]:
    with BundleServer(folder) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def error_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def body_of(response: Any) -> bytes:
    return b"".join(response)


def joined(name: str, preapproved: bool = True) -> str:
    code = enrolment.create_code(name=name, tier="device", preapproved=preapproved)
    return enrolment.join(code, "0123:4567:89ab:cdef", {"hostname": "orin"})[1]
