"""The training lane's one Celery task: run Flower's ClientApp on a message, in this warm process. No Django: this runs on a Jetson.

A message arrives and leaves as a blob through the node's own link. What the ClientApp keeps between rounds (error feedback,
control variates) is kept on the node, by run and client, and moves on only when the reply has left: of an update that never
arrived nothing is lost.
"""

import logging
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
from celery import Celery
from flwr.app import Context, Message, RecordDict

from federation.app.errors import RunError
from federation.node import packing
from federation.node.packing import BadMessage

log = logging.getLogger(__name__)
PROTOCOL = 4  # as devices.dispatch sends it
REPLY_TTL_S = 300
PROGRESS_S = 24 * 3600
RUNS_KEPT = 3

ClientApp = Callable[[Message, Context], Message]


class Refused(Exception):
    """What can be expected to go wrong; `code` is for programs, the text is one sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def register(app: Celery, runtime: Any) -> None:
    """Called by devices.agent.training_worker. The import is the warming up: torch and Flower are loaded once."""
    from federation.app.client_app import app as client_app

    logging.getLogger("flwr").setLevel(logging.WARNING)
    lane = Lane(runtime, client_app)
    lane.announce()
    app.task(lane.train, name="stages.train")


class Lane:
    """Bound to one node's runtime (devices.agent.runtime.Runtime)."""

    def __init__(self, runtime: Any, client_app: ClientApp) -> None:
        self.runtime, self.client_app = runtime, client_app
        self.boot = secrets.token_hex(8)
        self.states = Path(runtime.home) / "federated"

    def announce(self) -> None:
        """Leave word which process this is, for a Redis may have forgotten. The agent takes the word away when the process dies:
        its job is lost then, and the server need not wait for the deadline."""
        self.runtime.redis.set(self.runtime.key("lane"), self.boot)

    def train(self, job: str, protocol: int, run: int, message: str, reply: str, deadline_s: float) -> dict[str, Any]:
        try:
            if protocol != PROTOCOL:
                raise Refused("protocol", f"This node speaks protocol {PROTOCOL}, not {protocol}; update the agent.")
            return self._train(job, int(run), message, reply)
        except Refused as error:
            return _error(error.code, str(error))
        except RunError as error:
            return _error(error.code, str(error))
        except BadMessage as error:
            return _error("bad_message", str(error))
        except MemoryError:
            return _error("memory", "This node has not enough memory for the model.")
        except redis.RedisError as error:
            log.warning("train: %s", error)
            return _error("redis", "The node lost its connection to Redis.")
        finally:
            self._silent(job)

    def _train(self, job: str, run: int, message: str, reply: str) -> dict[str, Any]:
        self._check(job)
        self.announce()
        self._says(job, f"downlink:{self.boot}")
        started = time.perf_counter()
        data = self.runtime.get_blob(message)
        if data is None:
            raise Refused("expired", "The message has expired before it was fetched.")
        down_s, request = time.perf_counter() - started, packing.unpack(data)
        self._check(job)  # several clients of a run wait in one queue: the round may be over by now
        self._says(job, f"train:{self.boot}")
        started = time.perf_counter()
        kept = self.states / str(run) / f"{request.metadata.dst_node_id}.state"
        context = Context(run, request.metadata.dst_node_id, {}, self._state(kept), {})
        answer = self.client_app(request, context)
        packed, state = packing.pack(answer), packing.pack_state(context.state)
        self.runtime.pace(time.perf_counter() - started)
        compute_s = time.perf_counter() - started
        self._says(job, f"uplink:{self.boot}")
        up_s = self.runtime.put_blob(reply, packed, REPLY_TTL_S, lambda: self._wanted(job))
        if up_s is None:
            raise Refused("expired", "Nobody waits for this update any more.")
        self._keep(kept, state)
        return {"down_bytes": len(data), "up_bytes": len(packed), "down_s": down_s, "compute_s": compute_s, "up_s": up_s}

    def _check(self, job: str) -> None:
        if not self._wanted(job):
            raise Refused("expired", "Nobody waits for this update any more.")

    def _wanted(self, job: str) -> bool:
        return bool(self.runtime.redis.exists(self.runtime.key(f"job:{job}")))

    def _says(self, job: str, phase: str) -> None:
        self.runtime.redis.set(self.runtime.key(f"progress:{job}"), phase, ex=PROGRESS_S)

    def _silent(self, job: str) -> None:
        try:
            self.runtime.redis.delete(self.runtime.key(f"progress:{job}"))
        except redis.RedisError as error:
            log.debug("progress is left to expire: %s", error)

    def _state(self, file: Path) -> RecordDict:
        """Of a state that is gone or damaged the ClientApp is told nothing: it begins anew, as a new client does."""
        try:
            return packing.unpack_state(file.read_bytes())
        except FileNotFoundError:
            return RecordDict()
        except (BadMessage, OSError) as error:
            log.warning("%s: %s", file, error)
            return RecordDict()

    def _keep(self, file: Path, state: bytes) -> None:
        if not file.parent.is_dir():
            self._forget_old(file.parent)
        partial = file.with_suffix(".partial")
        partial.write_bytes(state)
        partial.replace(file)

    def _forget_old(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        ordered = sorted(self.states.iterdir(), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in ordered[RUNS_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
