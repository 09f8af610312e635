"""`python -m inference.engine.photos.decoder_child SETTINGS`: reads photos in a process that can be killed.

One JSON object per line comes in, one goes out (DecodeJob and Decoded in decoder_process.py); photos travel as files. The
process bounds its own memory and time, is the first that the kernel ends when memory runs out, and ends with its parent.
"""

import contextlib
import fcntl
import json
import os
import resource
import select
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inference.engine.photos import reader
from inference.engine.photos.refusal import PhotoRefused

GRACE_S = 5.0  # after the time limit that the parent enforces
OOM_SCORE = 500
PAGE = resource.getpagesize()


def main(memory_bytes: int, idle_s: float) -> None:
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints is no reply
    os.umask(0o077)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE))
    _limit_memory(memory_bytes)
    while select.select([0], [], [], idle_s)[0] and (line := sys.stdin.buffer.readline()):
        job = json.loads(line)
        with _bounded(job["seconds"] + GRACE_S):
            reply = _read(job)
        replies.write(json.dumps(reply).encode() + b"\n")


def _read(job: dict[str, Any]) -> dict[str, object]:
    limits = reader.Limits(job["max_pixels"], job["max_side"], job["small_side"])
    try:
        clean = reader.read(Path(job["source"]).read_bytes(), limits)
        Path(job["target"]).write_bytes(clean.data)
        if clean.small:
            Path(job["small_target"]).write_bytes(clean.small)
    except PhotoRefused as refusal:
        return {"code": refusal.code, "message": refusal.message, "next": refusal.next}
    except MemoryError:
        return {"code": "photo_too_heavy"}
    except OSError as error:
        return {"code": "disk", "errno": error.errno or 0}
    return {
        "width": clean.width,
        "height": clean.height,
        "bytes": len(clean.data),
        "source_format": clean.source_format,
        "source_bytes": clean.source_bytes,
        "notes": clean.notes,
    }


def _limit_memory(more: int) -> None:
    """Address space beyond what the interpreter and its libraries have taken. Not every system can."""
    with contextlib.suppress(OSError, ValueError):
        taken = int(Path("/proc/self/statm").read_text().split()[0]) * PAGE
        resource.setrlimit(resource.RLIMIT_AS, (taken + more, resource.RLIM_INFINITY))


@contextlib.contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    """The kernel ends this process after `seconds`, and as soon as the parent has closed the other end of its input: also in
    the middle of a decoder that never returns to Python."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    flags = fcntl.fcntl(0, fcntl.F_GETFL)
    with contextlib.suppress(OSError):
        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC)  # SIGIO ends a process that does not handle it
    if select.select([0], [], [], 0)[0]:  # no second job comes before this one's reply: the parent is gone already
        sys.exit()
    try:
        yield
    finally:
        fcntl.fcntl(0, fcntl.F_SETFL, flags)
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches the whole group; the parent decides
    main(int(sys.argv[1]), float(sys.argv[2]))
