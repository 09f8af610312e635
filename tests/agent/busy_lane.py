"""A capability for the training worker of a test board. Its jobs: one that keeps a processor busy, one that tells of its
process, one that dies.
"""

import os
import time
from pathlib import Path
from typing import Any


def start(app: Any, runtime: Any) -> None:
    def train(seconds: float) -> int:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sum(range(1000))
        return os.getpid()

    def tell() -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "nice": os.nice(0),
            "oom": int(Path("/proc/self/oom_score_adj").read_text()),
            "threads": os.environ["OMP_NUM_THREADS"],
            "uplink": runtime.uplink.bytes_per_s,
            "downlink": runtime.downlink.bytes_per_s,
            "slowdown": runtime.slowdown,
        }

    def die() -> None:
        os._exit(9)

    for work in (train, tell, die):
        app.task(work, name=f"stages.{work.__name__}")


class Busy:
    queue = "train"

    def obstacle(self) -> str:
        return ""

    def start(self, app: Any, runtime: Any) -> None:
        start(app, runtime)

    def describe(self, home: Any) -> dict[str, str]:
        return {}


BUSY = Busy()
