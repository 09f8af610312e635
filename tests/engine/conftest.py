"""The bundled models, loaded once, and small models of the real classes, saved and loaded as fetched ones are."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from transformers import (
    BertTokenizerFast,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    PreTrainedModel,
    ViTConfig,
    ViTForImageClassification,
)

from inference.engine import catalogue, loading, runner
from inference.engine.runner import Vision

SENTENCE = "what is in the photo ? how many dogs are there a black dog runs on grass two one man red yes no"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]"]
WORDS = [*SPECIAL, *SENTENCE.split()]
SIDE, PATCH, WIDTH, BLOCKS = 32, 8, 32, 5


class ExactCode:
    """Features as they are: with it, a packet loses nothing and head and tail must give the unsplit answer."""

    digest = b"same"

    def __init__(self, tokens: int, width: int) -> None:
        self.shape, self.sizes = (tokens, width), (4 * tokens * width,)

    def encode(self, features: NDArray[np.float32], level: int) -> bytes:
        return features.astype("<f4").tobytes()

    def decode(self, payload: bytes, level: int) -> NDArray[np.float32]:
        return np.frombuffer(payload, "<f4").reshape(self.shape).copy()


def draw(seed: int, size: tuple[int, int] = (96, 64)) -> Image.Image:
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(blocks).resize(size, Image.Resampling.BICUBIC)


@pytest.fixture
def image() -> Image.Image:
    return draw(0)


@pytest.fixture
def drawn() -> Callable[..., Image.Image]:
    return draw


@pytest.fixture(scope="session")
def compact() -> Vision:
    """The bundled models."""
    return runner.load(catalogue.profile("compact"), threads=1)  # more of them only wait for each other on a busy machine


def save_small(root: Path) -> dict[str, Path]:
    """Random models of the real classes with a few small blocks, one folder for each task."""
    torch.manual_seed(3)
    tokenizer = BertTokenizerFast(vocab={word: n for n, word in enumerate(WORDS)}, bos_token="[DEC]")
    tower = {
        "hidden_size": WIDTH,
        "num_hidden_layers": BLOCKS,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "image_size": SIDE,
        "patch_size": PATCH,
    }
    text = {
        "vocab_size": len(WORDS),
        "hidden_size": WIDTH,
        "encoder_hidden_size": WIDTH,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 32,
        "pad_token_id": 0,
        "sep_token_id": 3,
        "eos_token_id": 3,
        "bos_token_id": 5,
        "is_decoder": True,
        "initializer_range": 0.5,
    }
    blip = BlipConfig(text_config=text, vision_config={**tower, "initializer_range": 0.2}, image_text_hidden_size=WIDTH)
    models: dict[str, PreTrainedModel] = {
        "classify": ViTForImageClassification(
            ViTConfig(**tower, initializer_range=0.2, id2label={n: f"name {n}, other" for n in range(7)})
        ),
        "caption": BlipForConditionalGeneration(blip),
        "vqa": BlipForQuestionAnswering(blip),
    }
    for task, model in models.items():
        model.eval().save_pretrained(root / task)
        if task != "classify":
            tokenizer.save_pretrained(root / task)
    return {task: root / task for task in models}


@pytest.fixture(scope="session")
def small_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return save_small(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def small(small_folders: dict[str, Path]) -> Vision:
    """Each task with a tower of its own, as the large models have, and an exact code at every split point."""
    vision = runner.load(catalogue.Profile.from_folders("small", small_folders), threads=1)
    for part in vision.engine.parts.values():
        tower = loading.tower(part.networks)
        part.codes.update({k: ExactCode(*tower.shape(k)) for k in range(tower.depth + 1)})
    return vision
