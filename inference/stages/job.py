"""One job on a node: what it may refuse with, its clocks, and how its answer is told. No Django."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

BLOB_TTL_S = 120
Result = TypeVar("Result")


class Refused(Exception):
    """What can be expected to go wrong; `code` is for programs, the text is one sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


EXPIRED = "Nobody waits for this job any more."
NO_MEMORY = "This node has too little memory left to compute; end other programs on it."


class Job:
    """The clocks of one job: waiting for the model, computing, sending. All milliseconds."""

    def __init__(self, runtime: Any, id: str) -> None:
        self.runtime, self.id = runtime, id
        self.queue_ms = self.compute_ms = 0.0

    def wanted(self) -> bool:
        """Whether the cloud still waits for it: it takes the ticket away when it gives up or the person stops the question."""
        return bool(self.runtime.redis.exists(self.runtime.key(f"job:{self.id}")))

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

    def send(self, name: str, data: bytes) -> dict[str, Any]:
        """Send bytes up. Raises Refused when nobody waits any more: a slow link must not be kept busy for nothing."""
        key = self.runtime.key(f"progress:{self.id}")
        self.runtime.redis.set(key, "uplink", ex=BLOB_TTL_S)
        seconds = self.runtime.put_blob(name, data, BLOB_TTL_S, self.wanted)
        self.runtime.redis.delete(key)
        if seconds is None:
            raise Refused("expired", EXPIRED)
        return {"bytes": len(data), "uplink_ms": seconds * 1000}

    def times(self) -> dict[str, float]:
        return {"queue_ms": self.queue_ms, "compute_ms": self.compute_ms}


def answer_json(answer: Any) -> dict[str, Any]:
    return {
        "text": answer.text,
        "confidence": answer.confidence,
        "sure": answer.sure,
        "top": [[label, probability] for label, probability in answer.top],
    }


def error_json(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
