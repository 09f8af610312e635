"""Classifiers that training runs left behind, on a node: one comes to the photo, and stays for the next question. No Django."""

import importlib
from collections.abc import Callable
from typing import Any

from inference.engine.answer import Answer
from inference.engine.codecs import photo_codec
from inference.stages.job import Job, Refused, answer_json
from inference.stages.lru_ttl_cache import Shelf
from inference.stages.photo_folder import PhotoFolder

LOADER = "federation.app.classifier"  # by name: it stands beside this package, and a node may lack what training needs
KEPT_BYTES, KEPT_S = 64 << 20, 3600.0
MOST_TOLD = 5
SURE_ABOVE = 0.5  # its probabilities are not calibrated: below, another class is as likely


class Learned:
    """What has come, by the digest of its weights: the server names it, and a model under another digest is another one."""

    def __init__(self, photos: PhotoFolder, blob: Callable[[str], bytes]) -> None:
        self.photos, self.blob = photos, blob
        self.kept: Shelf[str, Any] = Shelf(KEPT_BYTES)

    def answer(self, job: Job, photo: str, digest: str, card: dict[str, Any], blob: str) -> dict[str, Any]:
        """Refuses with `model_missing` where the model is not here and none was sent."""
        model = self.kept.get(digest)
        if model is None:
            model = self._arrived(digest, card, blob)
        data = self.photos.read(photo)
        likely = job.compute(lambda: model.probabilities(photo_codec.decode(data)))[:MOST_TOLD]
        name, confidence = likely[0]
        return {"answer": answer_json(Answer(name, confidence, confidence >= SURE_ABOVE, likely)), **job.times()}

    def _arrived(self, digest: str, card: dict[str, Any], blob: str) -> Any:
        if not blob:
            raise Refused("model_missing", "The model of this training run is not on the node.")
        weights = self.blob(blob)
        try:
            model = importlib.import_module(LOADER).load(card, weights)
        except ModuleNotFoundError:
            raise Refused("no_training", "This node lacks what a trained model needs; install its agent again.") from None
        except (ValueError, KeyError) as error:
            raise Refused("bad_model", f"The model of this training run cannot be used. {error}") from None
        self.kept.put(digest, model, len(weights), KEPT_S)
        return model
