"""What a node says about its times, against the server's own clock. Pure.

A node measures its waiting, computing and sending itself, because only it can tell them apart. Whether it lies, or measures
wrongly, shows in the time that passed until its reply was here.
"""

from typing import TypeVar

from devices.contract.results import Answered, Timed, Transferred

UNEXPLAINED_MS = 500.0  # beside the times a node states; messages take ten, and a busy server a hundred
TimedResult = TypeVar("TimedResult", bound=Timed)


def check(result: TimedResult, elapsed_ms: float) -> tuple[TimedResult, float]:
    """The result with times that fit into the time that passed, and the computing time to expect of the next such job.

    `elapsed_ms`: from sending the job to having its result.
    """
    uplink_ms = result.uplink_ms if isinstance(result, Transferred) else 0.0
    load_ms = result.load_ms if isinstance(result, Answered) else 0.0
    stated = result.queue_ms + result.compute_ms + uplink_ms + load_ms
    if stated > elapsed_ms:
        share = elapsed_ms / stated
        times = {"queue_ms": result.queue_ms * share, "compute_ms": result.compute_ms * share}
        if isinstance(result, Transferred):
            times["uplink_ms"] = uplink_ms * share
        if isinstance(result, Answered):
            times["load_ms"] = load_ms * share
        return result.model_copy(update=times), times["compute_ms"]
    unexplained = elapsed_ms - stated
    return result, result.compute_ms + (unexplained if unexplained > UNEXPLAINED_MS else 0.0)
