"""What the catalogue says about a model: tower shape, levels, and ways to answer first and refine when unsure. No torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


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
    codec: str
    quality: int
    accuracy: float | None
    bytes: int | None = None  # on average, as measured


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


def residual(image_size: int, widths: Sequence[int], depths: Sequence[int]) -> Shape:
    """A ResNet (He et al. 2016): the stem halves the side twice, every stage but the first once more. Within the last stage its
    input feature map is carried along (skip), so that `tokens` counts the places of both."""
    side, fine, features = -(-image_size // 4), 0, []
    for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        if stage:
            fine = side**2 if stage == len(depths) - 1 else 0
            side = -(-side // 2)
        features += [(1 + side**2 + fine, width)] * (depth if stage else 1)
    return Shape(image_size, tuple(features))


RESNET_DEFAULTS = {"image_size": 224, "hidden_sizes": (256, 512, 1024, 2048), "depths": (3, 4, 6, 3)}
VIT_DEFAULTS = {"image_size": 224, "patch_size": 16, "hidden_size": 768, "num_hidden_layers": 12}
BLIP_DEFAULTS = {**VIT_DEFAULTS, "image_size": 384}  # transformers leaves values equal to its defaults out of config.json


def shape_of(config: Mapping[str, Any]) -> Shape:
    """The tower's shape from a model's config.json: a ResNet, a BLIP model's vision tower or a ViT."""
    if config.get("model_type") == "resnet":
        resnet = {**RESNET_DEFAULTS, **config}
        return residual(int(resnet["image_size"]), resnet["hidden_sizes"], resnet["depths"])
    vision = {**BLIP_DEFAULTS, **config["vision_config"]} if "vision_config" in config else {**VIT_DEFAULTS, **config}
    return transformer(*(int(vision[name]) for name in ("image_size", "patch_size", "hidden_size", "num_hidden_layers")))
