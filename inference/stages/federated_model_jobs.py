"""The job that classifies with the model of a finished training run, which stays on the node for the next question. No
Django.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

from PIL import Image
from pydantic import JsonValue

from devices.agent import capabilities
from devices.agent.config import ConfigError
from devices.agent.jobs import Refused
from devices.contract.jobs import RunLearned
from devices.contract.results import Answered
from inference.engine.answer import Answer
from inference.engine.codecs import photo_codec
from inference.stages.context import StageContext, answer_result
from inference.stages.job_run import JobRun
from inference.stages.lru_ttl_cache import LruTtlCache

LOADERS, LOADER = "isthmus.classifiers", "federated"  # the entry point that builds a classifier from card and weights
CACHE_BYTES, CACHE_S = 64 << 20, 3600.0
TOP = 5


class Classifier(Protocol):
    def probabilities(self, photo: Image.Image) -> list[tuple[str, float]]:
        """Every class with its probability, the likeliest first."""


class FederatedModelJobs:
    """Models by the digest of their weights: a model under another digest is another one."""

    def __init__(self, context: StageContext) -> None:
        self.context = context
        self.models: LruTtlCache[str, Classifier] = LruTtlCache(CACHE_BYTES)
        self.handlers = {RunLearned: self.classify}

    def classify(self, run: JobRun, job: RunLearned) -> Answered:
        """Refuses with `model_missing` where the model is not cached and none was sent."""
        model = self.models.get(job.digest) or self._receive(job.digest, job.card, job.blob)
        data = self.context.photos.read(job.photo)
        likely = run.compute(lambda: model.probabilities(photo_codec.decode(data)))[:TOP]
        name, confidence = likely[0]
        answer = Answer(name, confidence, likely)
        return Answered(answer=answer_result(answer), **run.times())

    def _receive(self, digest: str, card: Mapping[str, JsonValue], blob: str) -> Classifier:
        if not blob:
            raise Refused("model_missing", "The model of this training run is not on the node.")
        weights = self.context.blob(blob)
        model = classifier_of(card, weights)
        self.models.put(digest, model, len(weights), CACHE_S)
        return model


def classifier_of(card: Mapping[str, JsonValue], weights: bytes) -> Classifier:
    """Raises Refused where this node cannot build it."""
    try:
        build: Callable[[Mapping[str, JsonValue], bytes], Classifier] = capabilities.load(LOADERS, LOADER)
        return build(card, weights)
    except (ModuleNotFoundError, ConfigError):
        raise Refused(
            "no_training", "This node lacks torch, which the model of a training run needs; install isthmus-agent[training]."
        ) from None
    except (ValueError, KeyError) as error:
        raise Refused("bad_model", f"The model of this training run cannot be used. {error}") from None
