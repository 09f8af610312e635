"""One job while it runs on a node: its clocks, computing alone, sending. No Django."""

import time
from collections.abc import Callable
from typing import TypedDict, TypeVar

from devices.agent.jobs import EXPIRED, Refused
from devices.agent.runtime import Runtime
from devices.contract.protocol import BLOB_TTL_S, progress_key

Result = TypeVar("Result")
NO_MEMORY = "This node has too little free memory to compute; end other programs on it."


class Times(TypedDict):
    queue_ms: float
    compute_ms: float


class Sending(TypedDict):
    bytes: int
    uplink_ms: float


class JobRun:
    """The clocks of one job: waiting for the model, computing, sending. All milliseconds."""

    def __init__(self, runtime: Runtime, id: str) -> None:
        self.runtime, self.id = runtime, id
        self.queue_ms = self.compute_ms = 0.0

    def compute(self, work: Callable[[], Result]) -> Result:
        """Run `work` alone on this node: two at once would share the cores and make both times meaningless."""
        waiting = time.perf_counter()
        with self.runtime.compute_lock:
            started = time.perf_counter()
            self.queue_ms += (started - waiting) * 1000
            if not self.runtime.has_room():  # better a sentence than a process that the kernel ends
                raise Refused("no_memory", NO_MEMORY)
            try:
                result = work()
            except MemoryError:
                raise Refused("no_memory", NO_MEMORY) from None
            self.runtime.pace(time.perf_counter() - started)
            self.compute_ms += (time.perf_counter() - started) * 1000
        return result

    def send(self, name: str, data: bytes) -> Sending:
        """Send bytes up. Raises Refused when the caller has given up: a slow link must not be kept busy for nothing."""
        key = progress_key(self.runtime.slug, self.id)
        self.runtime.redis.set(key, "uplink", ex=BLOB_TTL_S)
        seconds = self.runtime.put_blob(name, data, BLOB_TTL_S, lambda: self.runtime.wanted(self.id))
        self.runtime.redis.delete(key)
        if seconds is None:
            raise Refused("expired", EXPIRED)
        return {"bytes": len(data), "uplink_ms": seconds * 1000}

    def times(self) -> Times:
        return {"queue_ms": self.queue_ms, "compute_ms": self.compute_ms}
