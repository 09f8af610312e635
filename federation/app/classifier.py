"""A finished run's model as a photo classifier: from its weights and its card, on whatever machine holds the photo."""

from dataclasses import dataclass
from typing import TypedDict

from PIL import Image
from safetensors import SafetensorError
from safetensors.numpy import load as unpack
from torch import nn

from federation.app import task
from federation.app.datasets import registry


@dataclass(frozen=True)
class Classifier:
    model: nn.Module
    dataset: str
    classes: tuple[str, ...]

    def probabilities(self, photo: Image.Image) -> list[tuple[str, float]]:
        """Every class with its probability (the model's own, not calibrated), most probable first."""
        pixels = registry.by_name(self.dataset).pixels_of(photo)
        values = task.probabilities(self.model, pixels[None])[0].tolist()
        return sorted(zip(self.classes, values, strict=True), key=lambda pair: -pair[1])


class Card(TypedDict):
    """The part of a model card that says how its weights are to be read."""

    model: str
    dataset: str
    classes: list[str]


def load(card: Card, weights: bytes) -> Classifier:
    """`card` as federation.runs.run_artifacts writes it, `weights` as safetensors. Raises ValueError where they do not
    match.
    """
    classes = tuple(str(name) for name in card["classes"])
    if not classes:
        raise ValueError("Its card names no classes.")
    try:
        model = task.build(str(card["model"]), str(card["dataset"]), len(classes))
    except KeyError as error:
        raise ValueError("Its card names a model or a data set that is unknown here.") from error
    try:
        task.put_arrays(model, unpack(weights))
    except (SafetensorError, RuntimeError) as error:  # RuntimeError: names or shapes
        raise ValueError("Its weights are damaged or belong to another model.") from error
    return Classifier(model.eval(), str(card["dataset"]), classes)
