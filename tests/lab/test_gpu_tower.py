"""A tower elsewhere gives the same features and gradients, so that a code trained with it is the same."""

from pathlib import Path

import pytest
import torch
from transformers import ViTConfig, ViTForImageClassification, ViTModel

from devices.compute import torch_device
from devices.compute.torch_device import Device
from inference.engine import split, towers
from inference.engine.codecs import learned_code
from inference.lab.codes import custom_codec
from inference.lab.codes.gpu_tower import GpuTower, moved
from inference.lab.codes.train_codec import SIZES
from tests.engine.conftest import draw


def test_features_and_gradients_are_those_of_the_tower_itself() -> None:
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64, image_size=32, patch_size=8
    )
    tower = towers.ViTTower(ViTModel(config).eval())
    there, pixels = GpuTower(tower, torch.device("cpu")), torch.randn(2, 3, 32, 32)
    assert torch.equal(split.whole(there, pixels), split.whole(tower, pixels))
    gradients = []
    for one in (tower, there):
        features = split.head(one, pixels, 1).detach().requires_grad_(True)
        gradients.append(torch.autograd.grad(split.tail(one, features, 1).square().sum(), features)[0])
    assert torch.equal(*gradients) and there.shape(1) == tower.shape(1)


def test_on_the_processor_it_is_the_tower_itself() -> None:
    tower = object()
    assert moved(tower, torch.nn.Identity(), torch.device("cpu")) is tower  # type: ignore[arg-type, comparison-overlap]


def test_a_gpu_that_fails_in_the_middle_leaves_the_rest_to_the_processor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """torch's `meta` device as the GPU: it takes the tower and the photos and has no results."""
    folder, photos, said = tmp_path / "model", tmp_path / "photos", list[str]()
    config = ViTConfig(
        hidden_size=32, num_hidden_layers=3, num_attention_heads=2, intermediate_size=64, image_size=32, patch_size=8
    )
    ViTForImageClassification(config).save_pretrained(folder)
    photos.mkdir()
    for seed in range(custom_codec.QUICK_PHOTOS):
        draw(seed, (64, 48)).save(photos / f"{seed}.png")
    monkeypatch.setattr(torch_device, "chosen", lambda: Device(torch.device("meta")))
    code = custom_codec.make(str(folder), photos, None, True, SIZES, lambda share, what: said.append(what))
    assert learned_code.load(code)
    whole = [sentence for sentence in said if "whole tower" in sentence]
    assert [sentence.split(", on ")[1] for sentence in whole] == ["the GPU", "the processor"]
