"""A tower elsewhere gives the same features and gradients, so that a code trained with it is the same."""

import torch
from transformers import ViTConfig, ViTModel

from inference.engine import split, towers
from inference.lab.codes.gpu_tower import GpuTower, accelerated


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


def test_without_a_gpu_nothing_changes(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    tower = object()
    assert accelerated(tower, torch.nn.Identity()) is tower  # type: ignore[arg-type, comparison-overlap]
