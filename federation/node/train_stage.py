"""The job of training: run Flower's ClientApp on a message, in this warm process. No Django: this runs on a Jetson.

A message arrives and leaves as a blob through the node's own link. The ClientApp's state between rounds (error feedback,
control variates) stays on the node, by run and client, and advances only once the reply has left: an update that never
arrives loses nothing.
"""

import logging
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import redis
from flwr.app import Context, Message, RecordDict

from devices.agent import jobs
from devices.agent.config import IDENTITY
from devices.agent.jobs import EXPIRED, Refused, check_wanted
from devices.agent.runtime import Runtime
from devices.contract.jobs import Train
from devices.contract.protocol import REPLY_TTL_S, progress_key, trainer_key
from devices.contract.results import Trained
from federation.app.errors import RunError
from federation.node import packing
from federation.node.packing import BadMessage

log = logging.getLogger(__name__)
PROGRESS_S = 24 * 3600
MAX_RUNS = 3  # whose states are kept
PEERS = "peers"  # in the home folder: fingerprints of the nodes whose keys are accepted under secure aggregation

ClientApp = Callable[[Message, Context], Message]


class TrainStage:
    """Bound to one node's runtime."""

    def __init__(self, runtime: Runtime, client_app: ClientApp) -> None:
        self.runtime, self.client_app = runtime, client_app
        self.boot = secrets.token_hex(8)
        self.states = runtime.home / "federated"
        self.node_config = {"identity": str(runtime.home / IDENTITY), "peers": str(runtime.home / PEERS)}
        self.task = jobs.as_task(runtime, Train, self._run, {RunError: "run", BadMessage: "bad_message"})

    def announce(self) -> None:
        """Store which process this is; Redis may have been restarted. The agent deletes the entry when the process dies: its
        job is lost then, and the server need not wait for the deadline."""
        self.runtime.redis.set(trainer_key(self.runtime.slug), self.boot)

    def _run(self, job: str, order: Train) -> Trained:
        try:
            return self._train(job, order)
        except MemoryError:
            raise Refused("memory", "This node has too little memory for the model.") from None
        finally:
            self._clear_phase(job)

    def _train(self, job: str, order: Train) -> Trained:
        self.announce()
        self._set_phase(job, "downlink")
        started = time.perf_counter()
        data = self.runtime.get_blob(order.message)
        if data is None:
            raise Refused("expired", "The message expired before it was fetched.")
        down_s, request = time.perf_counter() - started, packing.unpack(data)
        check_wanted(self.runtime, job)  # several clients of a run wait in one queue: the round may be over by now
        self._set_phase(job, "train")
        started = time.perf_counter()
        file = self.states / str(order.run) / f"{request.metadata.dst_node_id}.state"
        context = Context(order.run, request.metadata.dst_node_id, {**self.node_config}, self._load_state(file), {})
        answer = self.client_app(request, context)
        packed, state = packing.pack(answer), packing.pack_state(context.state)
        self.runtime.pace(time.perf_counter() - started)
        compute_s = time.perf_counter() - started
        self._set_phase(job, "uplink")
        up_s = self.runtime.put_blob(order.reply, packed, REPLY_TTL_S, lambda: self.runtime.wanted(job))
        if up_s is None:
            raise Refused("expired", EXPIRED)
        self._save_state(file, state)
        return Trained(down_bytes=len(data), up_bytes=len(packed), down_s=down_s, compute_s=compute_s, up_s=up_s)

    def _set_phase(self, job: str, phase: str) -> None:
        self.runtime.redis.set(progress_key(self.runtime.slug, job), f"{phase}:{self.boot}", ex=PROGRESS_S)

    def _clear_phase(self, job: str) -> None:
        try:
            self.runtime.redis.delete(progress_key(self.runtime.slug, job))
        except redis.RedisError as error:
            log.debug("progress not deleted, it will expire: %s", error)

    def _load_state(self, file: Path) -> RecordDict:
        """A missing or damaged state is an empty one: the ClientApp starts over, as a new client does."""
        try:
            return packing.unpack_state(file.read_bytes())
        except FileNotFoundError:
            return RecordDict()
        except (BadMessage, OSError) as error:
            log.warning("%s: %s", file, error)
            return RecordDict()

    def _save_state(self, file: Path, state: bytes) -> None:
        if not file.parent.is_dir():
            self._delete_old(file.parent)
        partial = file.with_suffix(".partial")
        try:
            partial.write_bytes(state)
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)  # a full disk keeps no half file

    def _delete_old(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        newest_first = sorted(self.states.iterdir(), key=lambda run: run.stat().st_mtime, reverse=True)
        for old in newest_first[MAX_RUNS:]:
            shutil.rmtree(old, ignore_errors=True)
