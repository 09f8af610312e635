"""The weights of trained watchers, fetched from the server once each and verified by their digest, which the server signs."""

import hashlib
import logging
import threading
import time
from pathlib import Path

from devices.agent.server import Refused, Server, Unreachable
from devices.agent.watching.judge import NotNow
from devices.contract.watches import MAX_WATCHES, TrainedWatcher

log = logging.getLogger(__name__)
PATH = "/api/v1/nodes/me/watch-models"
AGAIN_S = 30.0  # between two attempts
MOST = MAX_WATCHES  # files that are kept: each watch may have another model


class Weights:
    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}  # by digest, when the next attempt may be made, on the monotonic clock
        self._why: dict[str, str] = {}  # the last one failed

    def of(self, model: TrainedWatcher) -> bytes:
        """Raises NotNow while they are not on this node."""
        file = self.folder / f"{model.digest}.safetensors"
        with self._lock:
            if not file.exists():
                self._fetch(model, file)
            return file.read_bytes()

    def _fetch(self, model: TrainedWatcher, file: Path) -> None:
        if not model.is_signed(self.server.token):
            raise NotNow(
                f"The model of run {model.run} is not signed by this node's server. Check the server's address and the proxies "
                "on the way to it, and that it is no older than this agent."
            )
        if time.monotonic() < self._next.get(model.digest, 0.0):
            raise NotNow(self._why[model.digest])
        self._next[model.digest] = time.monotonic() + AGAIN_S
        part = file.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.server.download(f"{PATH}/{model.digest}", part, model.bytes)
            if hashlib.sha256(part.read_bytes()).hexdigest() != model.digest:
                part.unlink()
                raise self._failed(model, f"The model of run {model.run} arrived damaged; it is fetched again.")
            part.replace(file)
        except (Unreachable, Refused, OSError) as error:
            raise self._failed(model, f"The model of run {model.run} cannot be fetched: {error}") from error
        newest = sorted(self.folder.glob("*.safetensors"), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in newest[MOST:]:
            old.unlink(missing_ok=True)

    def _failed(self, model: TrainedWatcher, why: str) -> NotNow:
        log.warning("%s", why)
        self._why[model.digest] = why
        return NotNow(why)
