"""What the catalogue says about a model: tower shape, levels, and ways to answer first and refine when unsure. No torch."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from inference.engine.efficientnet import blocks

EFFICIENTNET = "efficientnet_lite"  # model_type in a config.json; transformers has no such model


@dataclass(frozen=True)
class Level:
    level: int
    bytes: int  # of the whole packet, header included
    accuracy: float | None  # as a fraction; None: not measured


@dataclass(frozen=True)
class Refinement:
    """Answer from `level` when the confidence reaches `sure_above`; otherwise send the bits up to `refine_to` and answer
    again.
    """

    split_at: int
    level: int
    refine_to: int
    sure_above: float  # the task's calibrated confidence, as in Answer
    expected_bytes: float  # per question, headers included
    refined_share: float  # of the questions
    accuracy: float


@dataclass(frozen=True)
class PhotoLevel:
    """`side`: the longer one in pixels at most, in the photo's own proportions; None: the square of the model's input."""

    codec: str
    quality: int
    accuracy: float | None
    bytes: int | None = None  # on average, as measured
    side: int | None = None

    def key(self, input_size: int) -> str:
        """The name of its size among those that a device reports for a photo: "webp:60:160", "webp:60:≤960"."""
        return f"{self.codec}:{self.quality}:{f'≤{self.side}' if self.side else input_size}"


# Photo encodings to measure and to offer where no card has any: small, medium and nearly lossless. Until they are measured
# only the last are chosen (inference.placement.unmeasured).
UNMEASURED_PHOTO = tuple(
    PhotoLevel(codec, quality, None) for codec, quality in (("webp", 20), ("webp", 60), ("webp", 90), ("jpeg", 90))
)


@cache
def standalone_card(file: Path) -> Mapping[str, Any]:
    """The card of a task with a model of its own."""
    card: Mapping[str, Any] = json.loads(file.read_text())
    return card


@dataclass(frozen=True)
class Shape:
    """A vision tower's input and feature sizes: what bytes and split points depend on."""

    image_size: int
    features: tuple[tuple[int, int], ...]  # (tokens, width) after 0, 1, … blocks

    @property
    def blocks(self) -> int:
        return len(self.features) - 1


def transformer(image_size: int, patch: int, width: int, blocks: int) -> Shape:
    return Shape(image_size, ((1 + (image_size // patch) ** 2, width),) * (blocks + 1))


VIT_DEFAULTS = {"image_size": 224, "patch_size": 16, "hidden_size": 768, "num_hidden_layers": 12}
BLIP_DEFAULTS = {**VIT_DEFAULTS, "image_size": 384}  # transformers leaves values equal to its defaults out of config.json


def shape_of(config: Mapping[str, Any]) -> Shape:
    """The tower's shape from a model's config.json: an EfficientNet-Lite, a BLIP model's vision tower or a ViT. Raises KeyError
    for an EfficientNet-Lite without its size."""
    if config.get("model_type") == EFFICIENTNET:
        return Shape(int(config["image_size"]), blocks.features(int(config["image_size"]), blocks.blocks(config["size"])))
    vision = {**BLIP_DEFAULTS, **config["vision_config"]} if "vision_config" in config else {**VIT_DEFAULTS, **config}
    return transformer(*(int(vision[name]) for name in ("image_size", "patch_size", "hidden_size", "num_hidden_layers")))
