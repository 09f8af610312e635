"""The Celery tasks a node runs. No Django here: this runs on a Jetson.

Each verb takes and returns small JSON. Bulk bytes go by key, through the node's own link; their size and time are the
bandwidth measurement. What can be expected to go wrong comes back as `{"error": {"code", "message"}}`, so that the
cloud can choose another route; anything else is a bug and raises.
"""

import logging
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import redis
from celery import Celery
from PIL import Image

from inference.vision import catalogue, photo_codec
from inference.vision.runner import Vision
from inference.vision.wire import WireError

log = logging.getLogger(__name__)
PROTOCOL = 1
KEPT_PHOTOS = 200  # on the node's disk; the least recently used go first
BLOB_TTL_S = 120
PHOTO_ID = re.compile("[0-9A-Za-z-]{1,64}")  # UUIDs, and what a camera may call its own
VERBS = ("place", "run_whole", "run_head", "run_tail", "send_photo", "probe")


class Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def warm(runtime: Any) -> dict[str, Any]:
    """Load the models and measure them; what the node reports as its profile. Called once, before the first task."""
    profile = catalogue.profile(runtime.profile_name)
    vision = Vision(profile)
    vision.load()
    runtime.vision = vision
    measured = vision.measure()
    tasks = {task: _slowed(times, runtime.slowdown) for task, times in measured["tasks"].items()}
    return {"name": profile.name, "digest": vision.digest, "protocol": PROTOCOL, "tasks": tasks}


def _slowed(times: dict[str, Any], slowdown: float) -> dict[str, Any]:
    """Every time of one task as the simulated node takes it."""
    return {
        name: {part: ms * slowdown for part, ms in value.items()} if isinstance(value, dict) else value * slowdown
        for name, value in times.items()
    }


def register(app: Celery, runtime: Any) -> None:
    """Make the stages of this node known to its Celery app."""
    stages = Stages(runtime)
    for verb in VERBS:
        app.task(stages.task(verb), name=f"stages.{verb}")


class Stages:
    """The verbs, bound to one node's runtime (devices.agent.runtime.Runtime)."""

    def __init__(self, runtime: Any) -> None:
        self.runtime = runtime
        self.photos = Path(runtime.home) / "photos"
        self.photos.mkdir(parents=True, exist_ok=True)

    def task(self, verb: str) -> Callable[..., dict[str, Any]]:
        """The verb as a Celery task: checks protocol and ticket, turns expected failures into an error object."""
        method: Callable[..., dict[str, Any]] = getattr(self, verb)

        def run(job: str, protocol: int, **arguments: Any) -> dict[str, Any]:
            try:
                if protocol != PROTOCOL:
                    raise Refused("protocol", f"This node speaks protocol {PROTOCOL}, not {protocol}; update the agent.")
                if not self.runtime.redis.exists(self.runtime.key(f"job:{job}")):
                    raise Refused("expired", "Nobody waits for this job any more.")
                return method(_Job(self.runtime, job), **arguments)
            except Refused as refused:
                return _error(refused.code, str(refused))
            except WireError as error:
                return _error(error.code, str(error))
            except photo_codec.PhotoCodecError as error:
                return _error("bad_photo", str(error))
            except redis.RedisError as error:
                log.warning("%s: %s", verb, error)
                return _error("redis", "The node lost its connection to Redis.")

        run.__name__ = verb
        return run

    # -- the verbs ---------------------------------------------------------------------------------------------------

    def place(self, job: "_Job", photo: str) -> dict[str, Any]:
        """Keep a photo the cloud laid ready; answer its exact size in every photo encoding placement may choose."""
        data = self._blob(photo)
        image = photo_codec.decode(data)
        path = self._path(photo)
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)
        self._forget_old()
        profile = self.runtime.vision.profile
        sizes: dict[str, int] = {}
        for task in profile.tasks:
            for level in profile.photo_levels(task):
                key = f"{level.codec}:{level.quality}:{profile.image_size(task)}"
                if key not in sizes:
                    sizes[key] = len(photo_codec.encode(image, level.codec, level.quality, profile.image_size(task)))
        return {"bytes": len(data), "sizes": sizes}

    def run_whole(self, job: "_Job", task: str, question: str | None, photo: str = "", blob: str = "") -> dict[str, Any]:
        """Answer from a photo this node holds (`photo`) or was sent (`blob`)."""
        image = photo_codec.decode(self._blob(blob)) if blob else self._photo(photo)
        answer = job.compute(lambda: self.runtime.vision.run_whole(task, image, question))
        return {"answer": _answer(answer), **job.times()}

    def run_head(self, job: "_Job", task: str, photo: str, split_at: int, level: int, blob: str) -> dict[str, Any]:
        """Compute the head on a photo this node holds, and send the packet up as `blob`."""
        image = self._photo(photo)
        packet = job.compute(lambda: self.runtime.vision.run_head(task, image, split_at, level))
        return {**job.send(blob, packet), **job.times()}

    def run_tail(self, job: "_Job", task: str, question: str | None, blob: str) -> dict[str, Any]:
        packet = self._blob(blob)
        answer = job.compute(lambda: self.runtime.vision.run_tail(task, packet, question))
        return {"answer": _answer(answer), **job.times()}

    def send_photo(
        self, job: "_Job", task: str, photo: str, blob: str, codec: str | None = None, quality: int | None = None
    ) -> dict[str, Any]:
        """Send the photo up: as it is, or encoded at the model's own input size."""
        data = self._kept(photo)
        if codec is not None and quality is not None:
            size = self.runtime.vision.profile.image_size(task)
            original = data
            data = job.compute(lambda: photo_codec.encode(photo_codec.decode(original), codec, quality, size))
        return {**job.send(blob, data), **job.times()}

    def probe(self, job: "_Job", sizes: list[int]) -> dict[str, Any]:
        """Send throw-away bytes of a few sizes; the link estimate is made from what they took."""
        transfers = []
        for number, size in enumerate(sizes[:4]):
            sent = job.send(f"probe-{job.id}-{number}", bytes(min(int(size), 65536)))
            transfers.append({"bytes": sent["bytes"], "uplink_ms": sent["uplink_ms"]})
        return {"transfers": transfers, **job.times()}

    # -- what they share ---------------------------------------------------------------------------------------------

    def _path(self, photo: str) -> Path:
        if not PHOTO_ID.fullmatch(photo):  # nothing else may become part of a path
            raise Refused("photo_missing", "That is not the id of a photo.")
        return self.photos / f"{photo}.jpg"

    def _photo(self, photo: str) -> Image.Image:
        return photo_codec.decode(self._kept(photo))

    def _kept(self, photo: str) -> bytes:
        path = self._path(photo)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise Refused("photo_missing", "This node does not hold that photo.") from None
        path.touch()
        return data

    def _blob(self, name: str) -> bytes:
        data: bytes | None = self.runtime.get_blob(name)
        if data is None:
            raise Refused("blob_missing", "The bytes for this job are not there any more.")
        return data

    def _forget_old(self) -> None:
        kept = sorted(self.photos.glob("*.jpg"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in kept[KEPT_PHOTOS:]:
            path.unlink(missing_ok=True)


class _Job:
    """The clocks of one job: waiting for the model, computing, sending. All milliseconds."""

    def __init__(self, runtime: Any, id: str) -> None:
        self.runtime, self.id = runtime, id
        self.queue_ms = self.compute_ms = 0.0

    def compute(self, work: Callable[[], Any]) -> Any:
        """Run `work` alone on this node: two at once would share the cores and make both times meaningless."""
        waiting = time.perf_counter()
        with self.runtime.compute_lock:
            started = time.perf_counter()
            self.queue_ms += (started - waiting) * 1000
            result = work()
            self.runtime.pace(time.perf_counter() - started)
            self.compute_ms += (time.perf_counter() - started) * 1000
        return result

    def send(self, name: str, data: bytes) -> dict[str, Any]:
        key = self.runtime.key(f"progress:{self.id}")
        self.runtime.redis.set(key, "uplink", ex=BLOB_TTL_S)
        seconds = self.runtime.put_blob(name, data, BLOB_TTL_S)
        self.runtime.redis.delete(key)
        return {"bytes": len(data), "uplink_ms": seconds * 1000}

    def times(self) -> dict[str, float]:
        return {"queue_ms": self.queue_ms, "compute_ms": self.compute_ms}


def _answer(answer: Any) -> dict[str, Any]:
    return {
        "text": answer.text,
        "confidence": answer.confidence,
        "sure": answer.sure,
        "top": [[label, probability] for label, probability in answer.top],
    }


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}
