"""The parent's side of one process that reads photos."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from inference.engine.photos.refusal import PhotoRefused, damaged, too_heavy, too_slow

ROOT = Path(__file__).resolve().parents[3]
PASSED_ON = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "SYSTEMROOT")  # no secret of this program reaches a decoder
IDLE_S = 60.0  # then the process ends and gives its memory back
MAX_REPLY = 64 * 1024


class DecoderFailed(Exception):
    """The process ended or did not answer; the photo is not to blame, or nobody knows."""


@dataclass(frozen=True)
class DecodeJob:
    """Paths of files; the targets are written."""

    source: str
    target: str
    small_target: str
    max_pixels: int
    max_side: int
    small_side: int
    seconds: float


@dataclass(frozen=True)
class Decoded:
    width: int
    height: int
    bytes: int
    source_format: str
    source_bytes: int
    notes: tuple[str, ...]


class DecoderProcess:
    """Started when it is made: 0.2 s until it answers."""

    def __init__(self, memory_bytes: int) -> None:
        # One thread and one arena: address space that is only reserved would count against the limit.
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "inference.engine.photos.decoder_child", str(memory_bytes), str(IDLE_S)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=environment,
            bufsize=0,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def read(self, job: DecodeJob) -> Decoded:
        """Raises PhotoRefused, DecoderFailed, OSError for the disk. The process may be gone afterwards."""
        try:
            self._send(json.dumps(asdict(job)).encode() + b"\n")
            reply = self._receive(job.seconds)
        except BrokenPipeError as error:  # it was idle for too long, and ended as this job came
            self.kill()
            raise DecoderFailed("it was idle for too long") from error
        if reply is None:
            self.kill()
            raise too_slow()
        if not reply.endswith(b"\n"):
            status = self._ended()
            if status >= 0:
                raise DecoderFailed(f"exit status {status}")
            # By a signal: the kernel's for want of memory, or a crash of a library over this file.
            raise too_heavy() if status == -signal.SIGKILL else damaged()
        return _decoded(reply)

    def kill(self) -> None:
        """Returns when it is gone."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _ended(self) -> int:
        try:
            status = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:  # it closed its output and lives on
            status = 1
        self.kill()
        return status

    def _send(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)

    def _receive(self, seconds: float) -> bytes | None:
        """One line, or what came before the process ended; None when the time is over."""
        assert self._process.stdout is not None
        output, until, reply = self._process.stdout.fileno(), time.monotonic() + seconds, b""
        ready = select.poll()
        ready.register(output, select.POLLIN)
        while not reply.endswith(b"\n") and len(reply) < MAX_REPLY:
            left = until - time.monotonic()
            if left <= 0 or not ready.poll(left * 1000):
                return None
            piece = os.read(output, MAX_REPLY)
            if not piece:
                break
            reply += piece
        return reply


def _decoded(reply: bytes) -> Decoded:
    answer = json.loads(reply)
    if "width" in answer:
        return Decoded(**{**answer, "notes": tuple(answer["notes"])})
    if answer["code"] == "photo_too_heavy":
        raise too_heavy()
    if answer["code"] == "disk":
        raise OSError(answer["errno"], os.strerror(answer["errno"]))
    raise PhotoRefused(answer["code"], answer["message"], answer["next"])
