"""The program that an installation's webhook calls: when each event of a watch reached it."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


class Receiver:
    """Context manager. `arrived`: by the number of an event, when its notice was first there, in seconds since 1970."""

    def __init__(self) -> None:
        self.arrived: dict[int, float] = {}
        self.repeated = 0
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver._receive(json.loads(body), time.time())
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def __enter__(self) -> "Receiver":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, number: int, seconds: float) -> bool:
        """Whether so many events have arrived."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.arrived) >= number, seconds)

    def _receive(self, payload: dict[str, object], at: float) -> None:
        data = payload["data"]
        if payload["event"] != "watch.raised" or not isinstance(data, dict):
            return
        with self._changed:
            self.repeated += data["event"] in self.arrived
            self.arrived.setdefault(data["event"], at)
            self._changed.notify_all()
