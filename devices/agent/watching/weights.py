"""The weights of trained watchers, fetched from the server once each and verified by their digest."""

import hashlib
import logging
import threading
import time
from pathlib import Path

from devices.agent.server import Refused, Server, Unreachable
from devices.agent.watching.judge import NotNow
from devices.contract.watches import TrainedWatcher

log = logging.getLogger(__name__)
PATH = "/api/v1/nodes/me/watch-models"
AGAIN_S = 30.0  # between two attempts
MOST = 4  # files that are kept


class Weights:
    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server = folder, server
        self._lock = threading.Lock()
        self._next: dict[str, float] = {}  # by digest, when the next attempt may be made, on the monotonic clock

    def of(self, model: TrainedWatcher) -> bytes:
        """Raises NotNow while they are not on this node."""
        file = self.folder / f"{model.digest}.safetensors"
        with self._lock:
            if not file.exists():
                self._fetch(model, file)
            return file.read_bytes()

    def _fetch(self, model: TrainedWatcher, file: Path) -> None:
        if time.monotonic() < self._next.get(model.digest, 0.0):
            raise NotNow(f"The model of run {model.run} is not on this node yet.")
        self._next[model.digest] = time.monotonic() + AGAIN_S
        part = file.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.server.download(f"{PATH}/{model.digest}", part, model.bytes)
            if hashlib.sha256(part.read_bytes()).hexdigest() != model.digest:
                part.unlink()
                raise NotNow(f"The model of run {model.run} arrived damaged; it is fetched again.")
            part.replace(file)
        except (Unreachable, Refused, OSError) as error:
            log.warning("the model of run %d cannot be fetched: %s", model.run, error)
            raise NotNow(f"The model of run {model.run} cannot be fetched: {error}") from error
        newest = sorted(self.folder.glob("*.safetensors"), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in newest[MOST:]:
            old.unlink(missing_ok=True)
