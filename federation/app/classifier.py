"""A finished run's model as a classifier of photos: from its weights and its card, on whatever machine holds the photo."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image
from safetensors import SafetensorError
from safetensors.numpy import load as unpack
from torch import nn

from federation.app import data, task


@dataclass(frozen=True)
class Classifier:
    model: nn.Module
    dataset: str
    classes: tuple[str, ...]

    def probabilities(self, photo: Image.Image) -> list[tuple[str, float]]:
        """Every class with its probability, the likeliest first. They are the model's own, not calibrated."""
        shares = task.probabilities(self.model, data.pixels_of(self.dataset, photo)[None])[0].tolist()
        return sorted(zip(self.classes, shares, strict=True), key=lambda one: -one[1])


def load(card: Mapping[str, Any], weights: bytes) -> Classifier:
    """`card` as federation.runs.run_artifacts writes it, `weights` as safetensors. Raises ValueError where they are not of one model."""
    classes = tuple(str(name) for name in card["classes"])
    if card["model"] not in task.MODELS or card["dataset"] not in task.SHAPES or not classes:
        raise ValueError("Its card names no model that can be built.")
    model = task.build(card["model"], card["dataset"], len(classes))
    try:
        task.put_arrays(model, unpack(weights))
    except (SafetensorError, RuntimeError) as error:  # RuntimeError: names or shapes
        raise ValueError("Its weights are damaged or of another model.") from error
    return Classifier(model.eval(), card["dataset"], classes)
