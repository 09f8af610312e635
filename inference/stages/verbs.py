"""The Celery tasks a node runs. No Django here: this runs on a Jetson.

Each verb takes and returns small JSON. Bulk bytes go by key, through the node's own link; their size and time are the
bandwidth measurement. What can be expected to go wrong comes back as `{"error": {"code", "message"}}`, so that the
cloud can choose another route; anything else is a bug and raises.

A node keeps, in memory and for a while, what it may be asked for again: a device the features its heads made (`heads`
makes them before anybody asks), an edge the features that were sent to it. Both go by the id of the photo, which no
node ever chooses: it can reach what the cloud names in a job, and nothing else.
"""

import io
import logging
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import redis
from celery import Celery
from numpy.typing import NDArray

from devices.agent.cameras.capture import CameraError
from devices.agent.uploads import UploadError
from devices.contract import wire
from devices.contract.wire import WireError
from inference.engine import catalogue, engines
from inference.engine.codecs import photo_codec
from inference.engine.measure import measure
from inference.engine.reconstruction import Rebuilder, RebuildError
from inference.engine.runner import Received, Vision
from inference.stages import photo_intake
from inference.stages.classifier_cache import Learned
from inference.stages.job import EXPIRED, Job, Refused, answer_json, error_json
from inference.stages.lru_ttl_cache import Shelf
from inference.stages.photo_folder import PhotoFolder

log = logging.getLogger(__name__)
PROTOCOL = 4
HEADS_S = 3600.0  # a head's features are kept for so long after their last use
VERBS = ("place", "look", "invite", "collect", "heads", "forget", "run_whole", "run_head", "run_tail", "run_learned", "send_photo", "probe",
         "rebuild")  # fmt: skip


def warm(runtime: Any) -> dict[str, Any]:
    """Load the models and measure them; what the node reports as its profile. Called once, before the first task."""
    profile = catalogue.profile(runtime.profile_name)
    vision = runtime.vision = Vision(engines.load(profile))
    times = measure(vision, runtime.slowdown)
    return {"name": profile.name, "digest": vision.digest, "protocol": PROTOCOL, "tasks": times}


def register(app: Celery, runtime: Any) -> None:
    """Make the stages of this node known to its Celery app."""
    stages = Stages(runtime)
    for verb in VERBS:
        app.task(stages.task(verb), name=f"stages.{verb}")


class Stages:
    """The verbs, bound to one node's runtime (devices.agent.runtime.Runtime)."""

    def __init__(self, runtime: Any) -> None:
        self.runtime = runtime
        self.photos = PhotoFolder(Path(runtime.home) / "photos")
        self.learned = Learned(self.photos, self._blob)
        self.made: Shelf[tuple[str, bytes, int], NDArray[np.float32]] = Shelf(runtime.keep_bytes)  # photo, tower, k
        self.sent: Shelf[tuple[str, bytes, int, int], Received] = Shelf(runtime.keep_bytes)  # photo, tower, k, level

    def task(self, verb: str) -> Callable[..., dict[str, Any]]:
        """The verb as a Celery task: checks protocol and ticket, turns expected failures into an error object."""
        method: Callable[..., dict[str, Any]] = getattr(self, verb)

        def run(job: str, protocol: int, **arguments: Any) -> dict[str, Any]:
            try:
                if protocol != PROTOCOL:
                    raise Refused("protocol", f"This node speaks protocol {PROTOCOL}, not {protocol}; update the agent.")
                begun = Job(self.runtime, job)
                if not begun.wanted():
                    raise Refused("expired", EXPIRED)
                return method(begun, **arguments)
            except (Refused, WireError) as error:
                return error_json(error.code, str(error))
            except UploadError as error:
                return error_json("upload", str(error))
            except photo_codec.PhotoCodecError as error:
                return error_json("bad_photo", str(error))
            except redis.RedisError as error:
                log.warning("%s: %s", verb, error)
                return error_json("redis", "The node lost its connection to Redis.")

        run.__name__ = verb
        return run

    # -- about a photo, before and after anybody asks ------------------------------------------------------------------

    def place(self, job: Job, photo: str) -> dict[str, Any]:
        """Keep a photo the cloud laid ready; answer its exact size in every photo encoding placement may choose."""
        data = self._blob(photo)
        image = photo_codec.decode(data)
        self.photos.keep(photo, data)
        self.made.forget(lambda key: key[0] == photo)  # were it another photo of the same id, its features would answer
        return {"bytes": len(data), "sizes": photo_intake.encoded_sizes(image, self.runtime.vision.profile)}

    def look(self, job: Job, camera: str, photo: str) -> dict[str, Any]:
        """Take a picture with one of this node's cameras and keep it here as a photo; nothing of it is sent."""
        try:
            return photo_intake.keep(self.photos, photo, self.runtime.cameras.frame(camera), self.runtime.vision.profile)
        except CameraError as error:
            raise Refused("camera", str(error)) from None

    def invite(self, job: Job, photo: str, seconds: float) -> dict[str, Any]:
        """Sign an address at which a browser may hand over this photo, for so long."""
        return {"url": self.runtime.uploads.invite(photo, seconds)}

    def collect(self, job: Job, photo: str) -> dict[str, Any]:
        """Keep what was handed over there, as a photo; nothing of it is sent."""
        return photo_intake.keep(self.photos, photo, self.runtime.uploads.collect(photo), self.runtime.vision.profile)

    def heads(self, job: Job, photo: str, points: dict[str, int]) -> dict[str, Any]:
        """Compute heads before anybody asks, one split point for each task, and keep the features; which are kept now."""
        for task, split_at in points.items():
            self._head(job, task, photo, split_at)
        kept = {task: k for task, k in points.items() if self.made.get((photo, self.runtime.vision.tower(task), k)) is not None}
        return {"points": kept, **job.times()}

    def forget(self, job: Job, photo: str) -> dict[str, Any]:
        """Keep nothing of a photo any more: neither itself nor features of it."""
        self.photos.forget(photo)
        self.made.forget(lambda key: key[0] == photo)
        self.sent.forget(lambda key: key[0] == photo)
        return {}

    # -- the parts of an answer ----------------------------------------------------------------------------------------

    def run_whole(self, job: Job, task: str, question: str | None, photo: str = "", blob: str = "") -> dict[str, Any]:
        """Answer from a photo this node holds (`photo`) or was sent (`blob`)."""
        data = self._blob(blob) if blob else self.photos.read(photo)
        # Decoding is part of the work: a photo encoded small is sooner open than one as it was uploaded.
        answer = job.compute(lambda: self.runtime.vision.run_whole(task, photo_codec.decode(data), question))
        return {"answer": answer_json(answer), **job.times()}

    def run_head(self, job: Job, task: str, photo: str, split_at: int, level: int, blob: str, after: int = 0) -> dict[str, Any]:
        """Send up, as `blob`, the bits of a level that come after those of level `after`. `ready`: the head was done before."""
        features, ready = self._head(job, task, photo, split_at)
        packet = job.compute(lambda: self.runtime.vision.pack(task, features, split_at, level, after))
        return {**job.send(blob, packet), "ready": ready, **job.times()}

    def run_tail(
        self,
        job: Job,
        task: str,
        question: str | None,
        photo: str,
        split_at: int,
        level: int,
        blob: str = "",
        keep_s: float = 0.0,
    ) -> dict[str, Any]:
        """Answer from features of a level: sent as `blob`, kept from before, or kept up to a lower level and refined by it.

        They are kept for `keep_s` seconds. Refuses with `features_missing` where what was kept is needed and gone.
        """
        vision: Vision = self.runtime.vision
        if blob:
            packet = self._blob(blob)
            after = wire.unpack(packet).after
            base = self._sent(task, photo, split_at, after).payload if after else b""
            received = vision.receive(task, packet, base)
        else:
            received = self._sent(task, photo, split_at, level)
        answer = job.compute(lambda: vision.answer(task, received, question))
        key = photo, vision.tower(task), received.split_at, received.level
        self.sent.put(key, received, len(received.payload), keep_s)
        return {"answer": answer_json(answer), **job.times()}

    def send_photo(
        self, job: Job, task: str, photo: str, blob: str, codec: str | None = None, quality: int | None = None
    ) -> dict[str, Any]:
        """Send the photo up: as it is, or encoded at the model's own input size."""
        data = self.photos.read(photo)
        if codec is not None and quality is not None:
            size = self.runtime.vision.profile.image_size(task)
            original = data
            data = job.compute(lambda: photo_codec.again(original, codec, quality, size))
        return {**job.send(blob, data), **job.times()}

    def probe(self, job: Job, sizes: list[int]) -> dict[str, Any]:
        """Send throw-away bytes of a few sizes; the link estimate is made from what they took."""
        transfers = []
        for number, size in enumerate(sizes[:4]):
            sent = job.send(f"probe-{job.id}-{number}", bytes(min(int(size), 65536)))
            transfers.append({"bytes": sent["bytes"], "uplink_ms": sent["uplink_ms"]})
        return {"transfers": transfers, **job.times()}

    def rebuild(self, job: Job, task: str, photo: str, split_at: int, level: int, blob: str) -> dict[str, Any]:
        """The photo as far as it can be rebuilt from the kept features, laid ready as a JPEG."""
        received = self._sent(task, photo, split_at, level)
        try:
            features = self.runtime.vision.decode(task, received)
            image = job.compute(lambda: self._rebuilder.rebuild(features, split_at, level))
        except RebuildError as error:
            raise Refused("no_rebuilding", str(error)) from None
        out = io.BytesIO()
        image.save(out, "JPEG", quality=90)
        return {**job.send(blob, out.getvalue()), **job.times()}

    def run_learned(self, job: Job, photo: str, digest: str, card: dict[str, Any], blob: str = "") -> dict[str, Any]:
        """Name what is in a photo with a finished training run's classifier."""
        return self.learned.answer(job, photo, digest, card, blob)

    # -- what they share -----------------------------------------------------------------------------------------------

    def _head(self, job: Job, task: str, photo: str, split_at: int) -> tuple[NDArray[np.float32], bool]:
        """A head's features, and whether they were there before."""
        vision: Vision = self.runtime.vision
        key = photo, vision.tower(task), split_at
        kept = self.made.get(key)
        if kept is not None:
            return kept, True
        data = self.photos.read(photo)

        def compute() -> tuple[NDArray[np.float32], bool]:
            if (meanwhile := self.made.get(key)) is not None:  # another job computed the same head while this one waited
                return meanwhile, True
            features = vision.head(task, photo_codec.decode(data), split_at)
            self.made.put(key, features, features.nbytes, HEADS_S)
            return features, False

        return job.compute(compute)

    def _sent(self, task: str, photo: str, split_at: int, level: int) -> Received:
        found = self.sent.get((photo, self.runtime.vision.tower(task), split_at, level))
        if found is None:
            raise Refused("features_missing", "The features of this photo are no longer kept here.")
        return found

    @cached_property
    def _rebuilder(self) -> Rebuilder:
        file: Path | None = self.runtime.vision.profile.code_file
        if file is None:
            raise RebuildError("These models have no decoder that rebuilds photos.")
        return Rebuilder.load(file.parent)

    def _blob(self, name: str) -> bytes:
        data: bytes | None = self.runtime.get_blob(name)
        if data is None:
            raise Refused("blob_missing", "The bytes for this job are not there any more.")
        return data
