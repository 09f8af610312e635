"""The time by the server's clock: a board without a battery, or without a time server, may believe in any year."""

import time
from collections.abc import Callable

TOLERANCE_S = 5.0  # a smaller difference may be the reply's way here


class ServerClock:
    """Seconds since 1970; by the board's own clock until the server has said what its clock shows."""

    def __init__(self, own: Callable[[], float] = time.time) -> None:
        self._own, self._ahead = own, 0.0

    def set(self, server: float) -> None:
        ahead = server - self._own()
        self._ahead = ahead if abs(ahead) > TOLERANCE_S else 0.0

    def now(self) -> float:
        return max(0.0, self._own() + self._ahead)
