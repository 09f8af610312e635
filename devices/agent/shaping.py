"""A simulated uplink: how long bytes take to leave at a given rate, shared by everybody on the node.

Time is given out along one line, as on a real link: two transfers at once each get half the rate, and a pause saves up
nothing.
"""

import threading
import time

SLICE_S = 0.02  # of the line, per turn; what one transfer may delay another by


class Uplink:
    """`bytes_per_s` None is a link that is not simulated. The rate may be changed while bytes are on their way."""

    def __init__(self, bytes_per_s: float | None = None) -> None:
        self.bytes_per_s = bytes_per_s
        self._lock = threading.Lock()
        self._free_at = 0.0

    def carry(self, size: int) -> None:
        """Return when `size` bytes that begin to leave now would have left."""
        left, sent = size, time.monotonic()
        while left > 0 and (rate := self.bytes_per_s):
            part = min(left, max(1, int(rate * SLICE_S)))
            with self._lock:
                # From when the last slice was due, not from now: a sleep that took too long is made up by the next.
                sent = self._free_at = max(sent, self._free_at) + part / rate
            time.sleep(max(0.0, sent - time.monotonic()))
            left -= part
