"""What the catalogue tells of a model: its shape, its levels, and ways to answer first and refine when unsure. No torch."""

from collections.abc import Mapping
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
    patch: int
    width: int
    blocks: int

    @property
    def tokens(self) -> int:
        return 1 + (self.image_size // self.patch) ** 2


PAPER_SHAPES = {"classify": Shape(224, 16, 768, 12), "caption": Shape(384, 16, 768, 12), "vqa": Shape(384, 16, 768, 12)}
VIT_DEFAULTS = {"image_size": 224, "patch_size": 16, "hidden_size": 768, "num_hidden_layers": 12}
BLIP_DEFAULTS = {**VIT_DEFAULTS, "image_size": 384}  # transformers leaves values equal to its defaults out of config.json


def shape_of(task: str, told: Mapping[str, Any] | None) -> Shape:
    """From a folder's config.json; the large model's own where there is none."""
    if told is None:
        return PAPER_SHAPES[task]
    vision = {**BLIP_DEFAULTS, **told["vision_config"]} if "vision_config" in told else {**VIT_DEFAULTS, **told}
    return Shape(*(int(vision[name]) for name in ("image_size", "patch_size", "hidden_size", "num_hidden_layers")))
