"""A camera that stays open while somebody looks at it: one thread reads it for all, and keeps one picture."""

import logging
import threading
import time
from collections.abc import Callable

from devices.agent.cameras.source import TIMEOUT_S, CameraError, Stream

STAYS_OPEN_S = 10.0  # until the next frame is wanted, for which the camera is not closed
LATE_S = 5.0  # that the next frame may be wanted later than expected: a model takes its time
SHORTEST_S = 0.005  # between two frames: a driver that returns at once must not take a whole processor
log = logging.getLogger(__name__)


class Reader:
    """Opens the camera when a frame is wanted; closes it when no further one is expected, and when it fails."""

    def __init__(self, name: str, open_stream: Callable[[], Stream]) -> None:
        self._name, self._open_stream = name, open_stream
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None  # None: the camera is closed
        self._wanted = self._served = 0  # requests so far; the newest that has got its picture or an error
        self._outcome: bytes | CameraError = b""  # of the newest request that was served
        self._expected_until = 0.0  # on the monotonic clock
        self._is_ending = False

    def frame(self, next_in_s: float | None = None) -> bytes:
        """A frame that is fetched after this call. `next_in_s`: until the caller wants another. Raises CameraError."""
        with self._changed:
            if self._is_ending:
                raise CameraError(f"The camera {self._name} is being closed: the agent ends.")
            self._wanted += 1
            number = self._wanted
            if next_in_s is not None and next_in_s <= STAYS_OPEN_S:
                self._expected_until = max(self._expected_until, time.monotonic() + next_in_s + LATE_S)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"camera {self._name}", daemon=True)
                self._thread.start()
            if not self._changed.wait_for(lambda: self._served >= number, TIMEOUT_S):
                raise CameraError(f"The camera {self._name} gave no picture within {TIMEOUT_S:g} s.")
            if isinstance(self._outcome, CameraError):
                raise CameraError(str(self._outcome))
            return self._outcome

    def close(self, within_s: float) -> None:
        """For good, and before another process wants the camera."""
        with self._changed:
            self._is_ending, thread = True, self._thread
        if thread is not None:
            thread.join(within_s)

    def _run(self) -> None:
        try:
            while not self._is_idle():
                self._read()
        finally:
            with self._changed:
                if self._thread is threading.current_thread():  # something unforeseen was raised
                    self._thread = None

    def _is_idle(self) -> bool:
        """Whether the thread may end; it has then no camera open, and the next request starts another one."""
        with self._changed:
            if not self._is_ending and self._served < self._wanted:
                return False
            self._thread = None
            return True

    def _read(self) -> None:
        """Open the camera, and read it while it is needed. Who waits when it fails is served by the next one, if this one ever
        gave a picture; and otherwise gets the error."""
        stream, works = None, False
        try:
            stream = self._open_stream()
            while self._is_needed():
                started, number = time.monotonic(), self._wanted
                stream.advance()
                if number > self._served:
                    self._serve(number, stream.picture())
                    works = True
                time.sleep(max(0.0, started + SHORTEST_S - time.monotonic()))
        except CameraError as error:
            log.debug("%s", error)
            if not works:
                self._serve(self._wanted, error)
        finally:
            if stream is not None:
                stream.close()

    def _is_needed(self) -> bool:
        with self._changed:
            awaited = self._served < self._wanted or time.monotonic() < self._expected_until
            return awaited and not self._is_ending

    def _serve(self, number: int, outcome: bytes | CameraError) -> None:
        with self._changed:
            self._served, self._outcome = number, outcome
            self._changed.notify_all()
