"""What the catalogue tells of a model: its shape, its levels, and ways to answer first and refine when unsure. No torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Level:
    level: int
    bytes: int  # of the whole packet, header included
    accuracy: float | None  # as a fraction; None where it was not measured


@dataclass(frozen=True)
class Refinement:
    """Answer from `level` when the confidence reaches `sure_above`, else after the bits up to `refine_to` too."""

    split_at: int
    level: int
    refine_to: int
    sure_above: float  # the task's calibrated confidence, as in Answer
    expected_bytes: float  # per question, headers included
    refined_share: float  # of the questions
    accuracy: float


@dataclass(frozen=True)
class PhotoLevel:
    codec: str
    quality: int
    accuracy: float | None


@dataclass(frozen=True)
class Shape:
    """A vision tower's, as far as bytes and split points depend on it."""

    image_size: int
    features: tuple[tuple[int, int], ...]  # (tokens, width) after 0, 1, … blocks

    @property
    def blocks(self) -> int:
        return len(self.features) - 1


def transformer(image_size: int, patch: int, width: int, blocks: int) -> Shape:
    return Shape(image_size, ((1 + (image_size // patch) ** 2, width),) * (blocks + 1))


def residual(image_size: int, widths: Sequence[int], depths: Sequence[int]) -> Shape:
    """A ResNet's: the stem halves the side twice, every stage but the first once more. Within the last stage the places of the map
    that it began with come along."""
    side, fine, features = -(-image_size // 4), 0, []
    for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        if stage:
            fine = side**2 if stage == len(depths) - 1 else 0
            side = -(-side // 2)
        features += [(1 + side**2 + fine, width)] * (depth if stage else 1)
    return Shape(image_size, tuple(features))


PAPER_SHAPES = {
    "classify": transformer(224, 16, 768, 12),
    "caption": transformer(384, 16, 768, 12),
    "vqa": transformer(384, 16, 768, 12),
}
RESNET_DEFAULTS = {"image_size": 224, "hidden_sizes": (256, 512, 1024, 2048), "depths": (3, 4, 6, 3)}
VIT_DEFAULTS = {"image_size": 224, "patch_size": 16, "hidden_size": 768, "num_hidden_layers": 12}
BLIP_DEFAULTS = {**VIT_DEFAULTS, "image_size": 384}  # transformers leaves values equal to its defaults out of config.json


def shape_of(task: str, told: Mapping[str, Any] | None) -> Shape:
    """From a folder's config.json; the large model's own where there is none."""
    if told is None:
        return PAPER_SHAPES[task]
    if told.get("model_type") == "resnet":
        known = {**RESNET_DEFAULTS, **told}
        return residual(int(known["image_size"]), known["hidden_sizes"], known["depths"])
    vision = {**BLIP_DEFAULTS, **told["vision_config"]} if "vision_config" in told else {**VIT_DEFAULTS, **told}
    return transformer(*(int(vision[name]) for name in ("image_size", "patch_size", "hidden_size", "num_hidden_layers")))
