"""What the families of jobs share on one node: its runtime, its photos, its models, the features it keeps. No Django.

Features go by the id of the photo, which no node ever chooses: a node can reach what the server names in a job, and
nothing else.
"""

from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from devices.agent.jobs import Refused
from devices.agent.runtime import Runtime
from devices.contract.results import AnswerResult
from devices.contract.values import Crop
from inference.engine.answer import Answer
from inference.engine.codecs import photo_codec
from inference.engine.mean_token import space
from inference.engine.photos.cropping import cut
from inference.engine.runner import Received, Vision
from inference.stages.job_run import JobRun
from inference.stages.lru_ttl_cache import LruTtlCache
from inference.stages.photo_intake import PhotoIntake
from inference.stages.photo_shelf import PhotoShelf

HEADS_S = 3600.0  # how long a head's features stay after their last use
Features = NDArray[np.float32]
HeadKey = tuple[str, bytes, int, Crop | None]  # photo, tower, split point, the part of the photo
SentKey = tuple[str, bytes, int, int, Crop | None]  # photo, tower, split point, level, the part of the photo


@dataclass
class StageContext:
    """With other models comes another one (`dataclasses.replace`): the node and its photos stay, features do not."""

    runtime: Runtime
    photos: PhotoShelf
    intake: PhotoIntake
    vision: Vision
    heads: LruTtlCache[HeadKey, Features] = field(init=False)  # on a device: computed by it
    sent: LruTtlCache[SentKey, Received] = field(init=False)  # on an edge: received from devices

    def __post_init__(self) -> None:
        self.heads = LruTtlCache(self.runtime.keep_bytes)
        self.sent = LruTtlCache(self.runtime.keep_bytes)

    def blob(self, name: str) -> bytes:
        data = self.runtime.get_blob(name)
        if data is None:
            raise Refused("blob_missing", "The bytes for this job have expired.")
        return data

    def head(
        self, run: JobRun, task: str, photo: str, split_at: int, fresh: bool = False, crop: Crop | None = None
    ) -> tuple[Features, bool]:
        """A head's features, and whether they were cached; `fresh`: computed in any case."""
        key = photo, self.vision.tower(task), split_at, crop
        cached = None if fresh else self.heads.get(key)
        if cached is not None:
            return cached, True
        data = self.photos.read(photo)

        def compute() -> tuple[Features, bool]:
            # Another job may have computed the same head while this one waited.
            if not fresh and (meanwhile := self.heads.get(key)) is not None:
                return meanwhile, True
            features = self.vision.head(task, cut(photo_codec.decode(data), crop), split_at)
            self.heads.put(key, features, features.nbytes, HEADS_S)
            return features, False

        return run.compute(compute)

    def received(self, task: str, photo: str, split_at: int, level: int, crop: Crop | None = None) -> Received:
        """Cached features of exactly this level. Raises Refused."""
        features = self.sent.get((photo, self.vision.tower(task), split_at, level, crop))
        if features is None:
            raise Refused("features_missing", "The features of this photo are no longer cached here.")
        return features


def answer_result(answer: Answer) -> AnswerResult:
    """Boxes and lines of text only where the task has them."""
    boxes, lines = ([asdict(part) for part in parts] or None for parts in (answer.boxes, answer.lines))
    facts = {"text": answer.text, "confidence": answer.confidence, "sure": answer.sure, "top": answer.top}
    vector = space.encoded(answer.vector) if answer.vector else None
    of_photo = {"vector": vector, "names": answer.names or None}
    return AnswerResult.model_validate({**facts, "boxes": boxes, "lines": lines, "absent": answer.absent or None, **of_photo})
