"""`python -m tests.boards.aarch64`: a 64-bit ARM board, emulated by qemu, joins, answers by every route and is revoked.

Needs root, a network, and the packages qemu-user-static and mmdebstrap. The Debian system stays in var/boards for the next
time. Exit 0 when every step holds, 1 when one fails, 2 where no board can be emulated.
"""

import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.boards.aarch64 import emulation
from tests.boards.aarch64.steps import STEPS, Trial
from tests.transcript import Transcript

CACHE = Path(__file__).resolve().parents[3] / "var" / "boards"


def main() -> int:
    if why := emulation.obstacle():
        print(why)
        return 2
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))  # what has been started ends then, too
    CACHE.mkdir(parents=True, exist_ok=True)
    transcript = Transcript()
    transcript.chapter("An emulated 64-bit ARM board")
    with tempfile.TemporaryDirectory(prefix="board-", dir=CACHE) as folder, ExitStack() as resources:
        trial = Trial(CACHE, Path(folder), resources)
        for step in STEPS:
            with transcript.check(str(step.__doc__)) as notes:
                step(trial, notes)
            if transcript.failures:
                break
    print(f"\n{transcript.checks} of {len(STEPS)} steps, {transcript.failures} failed")
    return 1 if transcript.failures else 0


if __name__ == "__main__":
    sys.exit(main())
