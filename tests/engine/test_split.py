"""At every split point, head and tail give what the unsplit model of transformers gives: the same bits, the same words."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from transformers import (
    AutoTokenizer,
    BlipForConditionalGeneration,
    BlipForQuestionAnswering,
    PreTrainedTokenizerBase,
    ViTForImageClassification,
)

from devices.contract import wire
from inference.engine import catalogue, loading, runner, split
from inference.engine.efficientnet.network import EfficientNetLite
from inference.engine.engines.networks import Array
from inference.engine.engines.part import Part
from inference.engine.model_options import EFFICIENTNET
from inference.engine.runner import Vision
from inference.engine.tasks.vqa.question_model import Write

EVERY_K = range(6)  # the small towers have five blocks
QUESTION = "how many dogs are there?"


def _written(part: Part, tokens: Array) -> list[int]:
    """The ids of the answer to QUESTION when any word may begin it."""
    model = part.answering.model
    [(ids, _)] = model.write(model.network.adapt(tokens), [Write(QUESTION)])
    return ids


def _tokens(part: Part, image: Image.Image, k: int) -> tuple[Tensor, Array]:
    """The pixels, and what the tail makes of the head's features."""
    pixels, vision = part.pixels(image), part.networks.vision
    return torch.from_numpy(pixels), vision.tail(vision.head(pixels, k), k)


@pytest.mark.parametrize("k", EVERY_K)
def test_logits_equal_the_unsplit_classifiers(
    small: Vision, small_folders: dict[str, Path], image: Image.Image, k: int
) -> None:
    theirs = ViTForImageClassification.from_pretrained(small_folders["classify"], dtype=torch.float32).eval()
    pixels, tokens = _tokens(small.engine.parts["classify"], image, k)
    with torch.inference_mode():
        logits = theirs.classifier(torch.from_numpy(tokens)[:, 0])
        assert torch.equal(logits, theirs(pixel_values=pixels).logits)


@pytest.mark.parametrize("k", EVERY_K)
def test_a_caption_is_token_identical_to_the_models_own(
    small: Vision, small_folders: dict[str, Path], image: Image.Image, k: int
) -> None:
    theirs, _ = _blip(BlipForConditionalGeneration, small_folders["caption"])
    part = small.engine.parts["caption"]
    pixels, tokens = _tokens(part, image, k)
    expected = theirs.generate(pixel_values=pixels, num_beams=3, max_new_tokens=20, no_repeat_ngram_size=3, do_sample=False)
    assert expected.shape[1] > 3 and part.answering.ids(tokens)[0][0] == expected[0].tolist()


@pytest.mark.parametrize("k", EVERY_K)
def test_an_answer_is_token_identical_to_the_models_own(
    small: Vision, small_folders: dict[str, Path], image: Image.Image, k: int
) -> None:
    theirs, tokenizer = _blip(BlipForQuestionAnswering, small_folders["vqa"])
    part = small.engine.parts["vqa"]
    pixels, tokens = _tokens(part, image, k)
    inputs = tokenizer(QUESTION, return_tensors="pt")
    expected = theirs.generate(
        pixel_values=pixels, input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"],
        num_beams=1, do_sample=False, max_new_tokens=10,
    )  # fmt: skip
    assert expected.shape[1] > 2 and _written(part, tokens) == expected[0].tolist()


@pytest.mark.parametrize("task", ["classify", "caption", "vqa"])
def test_over_the_wire_without_loss_the_answer_is_the_whole_models(small: Vision, image: Image.Image, task: str) -> None:
    whole = small.run_whole(task, image, QUESTION)
    for k in EVERY_K:
        assert small.run_tail(task, small.run_head(task, image, k, 1), QUESTION) == whole


def test_another_photo_gets_another_answer(small: Vision) -> None:
    """Else the equalities above would say nothing."""
    answers = [
        small.run_whole("classify", Image.new("RGB", (40, 40), colour), None).top for colour in ("red", "white", "black")
    ]
    assert answers[0] != answers[1] != answers[2]


@pytest.mark.parametrize("k", [-1, 6, 250])
def test_a_split_point_the_tower_lacks_is_refused(small: Vision, image: Image.Image, k: int) -> None:
    part = small.engine.parts["classify"]
    with pytest.raises(ValueError, match="can be split after 0 to 5 blocks"):
        part.networks.vision.head(part.pixels(image), k)
    with pytest.raises(wire.WireError) as refused:
        small.run_head("classify", image, k, 1)
    assert refused.value.code == "wire_split"


def _blip(kind: type, folder: Path) -> tuple[torch.nn.Module, PreTrainedTokenizerBase]:
    return kind.from_pretrained(folder, dtype=torch.float32).eval(), AutoTokenizer.from_pretrained(folder)  # type: ignore[attr-defined]


def test_a_convolutional_network_is_split_at_any_of_its_blocks_and_names_what_the_whole_one_does(
    tmp_path: Path, image: Image.Image
) -> None:
    """To the sixth digit: the tower lays its weights channels last, and sums round otherwise."""
    torch.manual_seed(1)
    model = EfficientNetLite("lite0", classes=5).eval()
    (folder := tmp_path / "classify").mkdir()
    save_file(model.state_dict(), folder / "model.safetensors")
    names = {str(number): f"name {number}" for number in range(5)}
    (folder / "config.json").write_text(
        json.dumps({"model_type": EFFICIENTNET, "size": "lite0", "image_size": 64, "id2label": names})
    )
    vision = runner.load(catalogue.Profile.from_folders("convolutional", {"classify": folder}), threads=1)
    part = vision.engine.parts["classify"]
    pixels, tower = torch.from_numpy(part.pixels(image)), loading.tower(part.networks)
    with torch.inference_mode():
        whole = model(pixels)
        for k in range(tower.depth + 1):
            features = split.head(tower, pixels, k)
            assert tuple(features.shape[1:]) == tower.shape(k) == vision.profile.shape("classify").features[k]
            assert torch.allclose(model.classifier(split.tail(tower, features, k)[:, 0]), whole, atol=1e-4)
    assert vision.profile.split_points("classify") == (0, 2, 5)
    assert vision.run_tail("classify", vision.run_head("classify", image, 2, 1), None).text
