"""An engine in a process of its own, seen from the bench."""

import os
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.engines import engine_server, messages
from bench.engines.messages import Absent, Ready


class EngineAbsent(Exception):
    """One sentence: why an engine cannot be measured on this machine."""


class EngineProcess:
    """Context manager. `ready_s`: from the start of the process until its models were loaded."""

    ready: Ready

    def __init__(self, engine: str, device: str, bundle: Path) -> None:
        self.engine, self.device, self.bundle = engine, device, bundle

    @property
    def key(self) -> str:
        return f"{self.ready.name}_{self.ready.device}"

    def __enter__(self) -> "EngineProcess":
        """Raises EngineAbsent."""
        hidden = {"CUDA_VISIBLE_DEVICES": ""} if self.device == engine_server.CPU else {}
        started = time.perf_counter()
        self.process = subprocess.Popen(
            engine_server.command(self.engine, self.device, self.bundle),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **hidden, "HF_HUB_OFFLINE": "1"},
        )
        try:
            first = self._receive()
            if isinstance(first, Absent):
                raise EngineAbsent(first.reason)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        self.ready, self.ready_s = first, time.perf_counter() - started
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def send(self, request: Any) -> None:
        assert self.process.stdin is not None
        messages.send(self.process.stdin, request)

    def ask(self, request: Any) -> Any:
        """The reply, whose type the message says."""
        self.send(request)
        return self._receive()

    def _receive(self) -> Any:
        assert self.process.stdout is not None
        try:
            return messages.receive(self.process.stdout)
        except EOFError:
            raise SystemExit(f"The process of {self.engine} has ended; its error is printed above.") from None
