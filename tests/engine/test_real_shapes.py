"""The shapes of the large models, with random weights, through the code that loads the fetched ones."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import (
    BertTokenizerFast,
    BlipConfig,
    BlipForQuestionAnswering,
    PreTrainedModel,
    ViTConfig,
    ViTForImageClassification,
)

from inference.engine import catalogue, loading, runner, split, tasks
from inference.engine.catalogue import Profile

K = 4
# google/vit-base-patch16-224 and Salesforce/blip-vqa-base are transformers' own defaults. Captions are left out for time:
# their tower is the same, and the small models show that the decoder is held right.
KINDS: dict[str, Callable[[], PreTrainedModel]] = {
    "classify": lambda: ViTForImageClassification(ViTConfig(num_labels=1000)),
    "vqa": lambda: BlipForQuestionAnswering(BlipConfig()),
}


@pytest.fixture
def folder(tmp_path: Path, task: str) -> Path:
    torch.manual_seed(0)
    # In half precision on the disk: the files are half as large, and loading must make single precision of them.
    KINDS[task]().half().save_pretrained(tmp_path / task)
    BertTokenizerFast(
        vocab={f"[{n}]": n for n in range(30524)},
        pad_token="[0]",
        sep_token="[102]",
        cls_token="[101]",
        unk_token="[100]",
        mask_token="[103]",
        bos_token="[30522]",
    ).save_pretrained(tmp_path / task)
    return tmp_path / task


@pytest.mark.slow
@pytest.mark.parametrize("task", ["classify", pytest.param("vqa", marks=pytest.mark.long)])
def test_a_large_model_loads_and_splits(folder: Path, drawn: Callable[..., Image.Image], task: str) -> None:
    vision = runner.load(Profile.from_folders("paper", {task: folder}))
    assert vision.profile.shape(task) == tasks.get(task).shape
    part, image = vision.engine.parts[task], drawn(0, (640, 480))
    tower = loading.tower(part.networks)
    assert next(tower.model.parameters()).dtype == torch.float32  # type: ignore[attr-defined]
    with torch.inference_mode():
        pixels = torch.from_numpy(part.pixels(image))
        whole = split.whole(tower, pixels)
        features = split.head(tower, pixels, K)
        assert torch.equal(split.tail(tower, features, K), whole)
    assert tuple(whole.shape) == (1, *tasks.get(task).shape.features[-1])
    paper = catalogue.profile("paper")
    levels = paper.code_levels(task, K)
    packet = vision.run_head(task, image, K, levels[-1].level)
    assert len(packet) == levels[-1].bytes
    assert vision.run_tail(task, packet, "what is it?").text
