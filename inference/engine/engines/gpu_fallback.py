"""An engine on a GPU, and the processor in its place while the GPU fails: a question that is under way gets its answer all the
same. No torch."""

import gc
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from PIL import Image

from inference.engine.answer import Answer
from inference.engine.catalogue import ModelsMissing, Profile
from inference.engine.codecs.feature_code import Code
from inference.engine.engines import NoEngine
from inference.engine.engines.engine import Description, Digests, Engine, Features, GpuFailed, Query

CPU, RETRY_S = "cpu", 600.0  # after which the GPU is tried again: whoever had its memory may have ended
Loader = Callable[[], Engine]  # raises NoEngine, ModelsMissing or GpuFailed
Result = TypeVar("Result")
log = logging.getLogger(__name__)


class GpuWithFallback:
    """As Engine. Of its two engines one at a time is loaded: on a board the GPU's memory is the machine's. A call raises
    MemoryError where neither can compute, and where several photos together are too much."""

    lanes = 1

    def __init__(self, engine: Engine, on_gpu: Loader, on_processor: Loader) -> None:
        """`engine` is what `on_gpu` loaded. Both read the same weights, so digests and codes stay what they are."""
        self._engine: Engine | None = engine
        self._on_gpu, self._on_processor = on_gpu, on_processor
        self._why, self._retry_at = "", 0.0  # why the processor computes, and until when
        self.profile: Profile = engine.profile
        self.description: Description = engine.description
        self._digests = {task: engine.digests(task) for task in engine.profile.on_towers}
        self._codes = {task: engine.codes(task) for task in engine.profile.on_towers}
        self.changed: Callable[[], None] = lambda: None  # called, within a call, when the other engine has taken over

    def digests(self, task: str) -> Digests:
        return self._digests[task]

    def codes(self, task: str) -> Mapping[int, Code]:
        return self._codes[task]

    def wholes(self, queries: Sequence[Query], images: Iterable[Image.Image]) -> list[Answer]:
        return self._compute(lambda engine: engine.wholes(queries, images), len(queries))

    def head(self, task: str, image: Image.Image, k: int) -> Features:
        return self._compute(lambda engine: engine.head(task, image, k))

    def tails(self, queries: Sequence[Query], features: Sequence[Features], k: int) -> list[Answer]:
        return self._compute(lambda engine: engine.tails(queries, features, k), len(queries))

    def evidence(self, task: str, image: Image.Image, question: str, text: str) -> Features | None:
        return self._compute(lambda engine: engine.evidence(task, image, question, text))

    def evidence_of(self, task: str, features: Features, k: int, question: str, text: str) -> Features | None:
        return self._compute(lambda engine: engine.evidence_of(task, features, k, question, text))

    def _compute(self, work: Callable[[Engine], Result], photos: int = 1) -> Result:
        """Several photos may be too many for the GPU's memory, and one not: only what fails alone leaves the GPU."""
        if self._why and time.monotonic() >= self._retry_at:
            self._return_to_gpu()
        try:
            return work(self._engine or self._processor())
        except GpuFailed as failure:
            if photos > 1:
                raise MemoryError(str(failure)) from None
            self._why, self._retry_at = str(failure), time.monotonic() + RETRY_S
        log.warning("%s The processor computes; the GPU is tried again in %.0f minutes.", self._why, RETRY_S / 60)
        self._engine = None
        gc.collect()  # after the handler, whose error holds what is on the GPU: that goes before the processor gets its own
        return work(self._processor())

    def _processor(self) -> Engine:
        try:
            self._engine = self._on_processor()
        except (NoEngine, ModelsMissing) as error:
            raise MemoryError(f"{self._why} {error}") from None
        self.description = replace(self._engine.description, note=self._why)
        self.changed()
        return self._engine

    def _return_to_gpu(self) -> None:
        self._retry_at = time.monotonic() + RETRY_S
        try:
            engine = self._on_gpu()
        except (NoEngine, ModelsMissing, GpuFailed) as error:
            log.info("the GPU is still not used: %s", error)
            return
        if engine.description.device == CPU:  # there was no room, and it has gone to the processor by itself
            log.info("the GPU is still not used: %s", engine.description.note)
            return
        log.info("the GPU computes again")
        self._engine, self._why, self.description = engine, "", engine.description
        self.changed()
