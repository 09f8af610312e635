"""Reads photos that come from outside: a few at a time, each in a process with bounded memory and time.

Whoever waits holds a thread and a file, no memory. Places are shared fairly: a free process goes to the person who has none,
and nobody may fill more than half of the places to wait.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from inference.engine.photos.decoder_process import Decoded, DecodeJob, DecoderFailed, DecoderProcess
from inference.engine.photos.refusal import PhotoRefused, damaged

log = logging.getLogger(__name__)
BASE_MEMORY, BYTES_PER_PIXEL = 256 * 1024 * 1024, 20  # the costliest allowed photo: HEIC of ten bits, with transparency


class Busy(Exception):
    """Too many photos are being read; the caller should come back in a few seconds."""


@dataclass(eq=False)
class _Place:
    who: str
    begins: bool = False


class PhotoDecoders:
    """`processes` photos are read at once; `waiting` more wait, each for `patience_s` at most."""

    def __init__(
        self, max_pixels: int, processes: int = 2, waiting: int = 24, seconds: float = 20, patience_s: float = 30
    ) -> None:
        self.memory_bytes = BASE_MEMORY + BYTES_PER_PIXEL * max_pixels
        self.processes, self.waiting, self.seconds, self.patience_s = processes, waiting, seconds, patience_s
        self.max_pixels = max_pixels
        self._idle: list[DecoderProcess] = []
        self._running: list[str] = []  # for whom
        self._queue: list[_Place] = []
        self._served: dict[str, int] = {}  # of those who wait or are read for: in which order they last had a turn
        self._changed = threading.Condition()

    def read(
        self, source: str, target: str, *, max_side: int, small_target: str = "", small_side: int = 0, who: str = ""
    ) -> Decoded:
        """From the file `source` to clean JPEG files. `who`: for whom, so that places are shared. Raises PhotoRefused, Busy,
        OSError (the disk is full)."""
        job = DecodeJob(source, target, small_target, self.max_pixels, max_side, small_side, self.seconds)
        with self._place(who):
            for _ in range(2):  # an idle process may have ended at this very moment
                decoder = self._take()
                try:
                    decoded = decoder.read(job)
                except DecoderFailed as failure:
                    log.warning("a photo decoder ended: %s", failure)
                    continue
                except PhotoRefused as refusal:
                    if refusal.code == "photo_too_heavy":  # what is left of its memory is in pieces
                        decoder.kill()
                    self._give_back(decoder)
                    raise
                self._give_back(decoder)
                return decoded
            raise damaged()

    def close(self) -> None:
        with self._changed:
            idle, self._idle = self._idle, []
        for decoder in idle:
            decoder.kill()

    def _take(self) -> DecoderProcess:
        with self._changed:
            while self._idle:
                decoder = self._idle.pop()
                if decoder.is_alive:
                    return decoder
                decoder.kill()
        return DecoderProcess(self.memory_bytes)

    def _give_back(self, decoder: DecoderProcess) -> None:
        with self._changed:
            if decoder.is_alive:
                self._idle.append(decoder)

    @contextmanager
    def _place(self, who: str) -> Iterator[None]:
        """Waits for a turn. Raises Busy."""
        place, until = _Place(who), time.monotonic() + self.patience_s
        with self._changed:
            own = sum(other.who == who for other in self._queue)
            if len(self._running) >= self.processes and (len(self._queue) >= self.waiting or own >= self.waiting // 2):
                raise Busy
            self._queue.append(place)
            self._admit()
            while not place.begins:
                if not self._changed.wait(until - time.monotonic()) and not place.begins:
                    self._queue.remove(place)
                    raise Busy
        try:
            yield
        finally:
            with self._changed:
                self._running.remove(who)
                self._admit()

    def _turn(self, place: _Place) -> tuple[int, int]:
        return self._running.count(place.who), self._served.get(place.who, 0)

    def _admit(self) -> None:
        while self._queue and len(self._running) < self.processes:
            place = min(self._queue, key=self._turn)  # the first of equals
            self._queue.remove(place)
            self._running.append(place.who)
            names = {*self._running, *(waiting.who for waiting in self._queue)}
            latest = max(self._served.values(), default=0) + 1
            self._served = {who: turn for who, turn in self._served.items() if who in names} | {place.who: latest}
            place.begins = True
        self._changed.notify_all()
