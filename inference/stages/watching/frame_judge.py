"""What watches see with: the models of this node, asked about a camera's frame. No Django."""

import time
from collections.abc import Callable
from typing import TypeVar

from PIL import Image

from devices.agent import jobs
from devices.agent.jobs import Refused
from devices.agent.watching.judge import NotNow, Sight
from devices.contract.watches import Watch
from inference.engine.doubt import PROBABLE_FROM, Certainty, certainty
from inference.engine.tasks.standalone import StandaloneFailed
from inference.engine.tasks.wording import presence_question
from inference.stages.context import StageContext
from inference.stages.federated_model_jobs import Classifier, classifier_of
from inference.stages.job_run import NO_MEMORY
from inference.stages.lru_ttl_cache import LruTtlCache

Result = TypeVar("Result")
GUESS_MOST = PROBABLE_FROM - 0.01
TURN = "watches"  # whose turn it is at the node's processor: all watches together are as one person
CACHE_BYTES, CACHE_S = 64 << 20, 3600.0
_trained: LruTtlCache[str, Classifier] = LruTtlCache(CACHE_BYTES)


class FrameJudge:
    """Bound to the models that the node has now."""

    def __init__(self, context: StageContext) -> None:
        self.context, self.vision = context, context.vision

    def look(self, frame: Image.Image, watch: Watch, weights: Callable[[], bytes]) -> Sight:
        """Raises NotNow."""
        if watch.model is not None:
            return self._with_trained(frame, watch, weights)
        if "vqa" in self.vision.unavailable or "vqa" not in self.vision.tasks:
            raise NotNow("The models of this node answer no questions.")
        question = watch.question or presence_question(watch.looks_for)
        answer = self._compute(lambda: self.vision.run_whole("vqa", frame, question))
        wanted = watch.expected.strip().casefold() if watch.question else "yes"
        confidence = next((share for text, share in answer.top if text.casefold() == wanted), 0.0)
        if not answer.sure:  # something beside the model speaks against it: it is a guess at most
            confidence = min(confidence, GUESS_MOST)
        seen = watch.looks_for if not watch.question and answer.text == "yes" else answer.text
        return Sight(confidence, seen, certainty(max(confidence, 1 - confidence), answer.sure) is Certainty.FLAT)

    def describe(self, frame: Image.Image) -> str:
        """Raises NotNow."""
        if "caption" not in self.vision.tasks:
            return ""
        answer = self._compute(lambda: self.vision.run_whole("caption", frame, None))
        return answer.text if answer.sure else ""

    def _with_trained(self, frame: Image.Image, watch: Watch, weights: Callable[[], bytes]) -> Sight:
        assert watch.model is not None
        model = _trained.get(watch.model.digest)
        if model is None:
            data = weights()
            try:
                model = classifier_of(watch.model.card, data)
            except Refused as refusal:
                raise NotNow(str(refusal)) from refusal
            _trained.put(watch.model.digest, model, len(data), CACHE_S)
        trained = model
        likely = self._compute(lambda: trained.probabilities(frame))
        wanted = watch.looks_for.strip().casefold()
        confidence = sum(share for label, share in likely if label.casefold() == wanted)
        return Sight(min(1.0, confidence), likely[0][0], certainty(likely[0][1]) is Certainty.FLAT)

    def _compute(self, work: Callable[[], Result]) -> Result:
        """In the node's turns, after what people wait for. Raises NotNow."""
        runtime = self.context.runtime
        jobs.go_first()
        with runtime.compute_lock.of(TURN):
            if not runtime.has_room():
                raise NotNow(NO_MEMORY)
            started = time.perf_counter()
            try:
                result = work()
            except (MemoryError, StandaloneFailed) as error:
                raise NotNow(str(error) or NO_MEMORY) from error
            finally:
                runtime.computed_at = time.monotonic()
            runtime.pace(time.perf_counter() - started)
        return result
