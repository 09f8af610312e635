"""Dequantiser training: nodes decode with the trained transforms, gradients pass the quantiser, and errors fall."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import ViTConfig, ViTModel

from inference.engine import split, towers
from inference.engine.codecs import learned_code
from inference.lab.codes import fit, train_dequantiser
from tests.engine.test_restore import LEVELS, SIZES, TOKENS, WIDTH, code_arrays

BYTES = (4, 12, 40)


@pytest.fixture
def code() -> learned_code.LearnedCode:
    return learned_code.LearnedCode(code_arrays(), SIZES)


@pytest.fixture
def features() -> Tensor:
    return torch.from_numpy(np.random.default_rng(3).normal(size=(6, TOKENS, WIDTH)).astype(np.float32))


def test_transforms_start_as_the_codes_own(code: learned_code.LearnedCode, features: Tensor) -> None:
    levels = torch.tensor([1, 2, 3] * 2)
    trainable, fixed = (
        kind(code)(features, levels) for kind in (train_dequantiser.TrainableCode, train_dequantiser.BatchedCode)
    )
    assert torch.allclose(trainable[0], fixed[0], atol=1e-5) and torch.allclose(trainable[1], fixed[1])


def test_nodes_decode_with_the_trained_transforms(code: learned_code.LearnedCode, features: Tensor) -> None:
    trainable = train_dequantiser.TrainableCode(code)
    for mixing in (trainable.encoder_mix, trainable.decoder_mix):
        torch.nn.init.normal_(mixing, std=0.1, generator=torch.Generator().manual_seed(1))
    forward, inverse = (part.detach().numpy() for part in trainable.transforms())
    learned = learned_code.LearnedCode({**code_arrays(), "forward": forward, "inverse": inverse}, SIZES)
    for level in range(1, LEVELS + 1):
        decoded = trainable(features, torch.full((len(features),), level))[0].detach().numpy()
        expected = [learned.decode(learned.encode(photo, level), level) for photo in features.numpy()]
        assert np.allclose(decoded, expected, atol=1e-4)
        assert not np.allclose(
            decoded, [code.decode(code.encode(photo, level), level) for photo in features.numpy()], atol=1e-2
        )


def test_gradients_pass_the_quantiser(code: learned_code.LearnedCode, features: Tensor) -> None:
    batched, original = train_dequantiser.BatchedCode(code), features.clone().requires_grad_(True)
    towards = torch.randn(features.shape, generator=torch.Generator().manual_seed(2))
    decoded, _ = batched(original, torch.full((len(original),), 1))
    assert not torch.allclose(decoded, features, atol=0.1)
    (slope,) = torch.autograd.grad((decoded * towards).sum(), original)
    assert torch.allclose(slope, towards, atol=1e-5), "as if nothing had been quantised"


@pytest.mark.long
def test_training_reduces_the_error_of_the_towers_output(drawn_features: tuple[split.Tower, Tensor, Tensor]) -> None:
    tower, original, target = drawn_features
    arrays = fit.fit(tower, original, 1)
    before = learned_code.LearnedCode(arrays, BYTES)
    after = learned_code.LearnedCode(arrays | train_dequantiser.train(tower, before, original, target, 1, 120), BYTES)
    assert before.digest != after.digest
    for level in range(1, len(BYTES) + 1):
        assert _error(tower, after, original, target, level) < 0.95 * _error(tower, before, original, target, level)


def test_a_stopped_training_goes_on_as_if_it_had_never_stopped(
    drawn_features: tuple[split.Tower, Tensor, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tower, original, target = drawn_features
    code = learned_code.LearnedCode(fit.fit(tower, original, 1), BYTES)
    monkeypatch.setattr(train_dequantiser, "CHECKPOINT_EVERY", 2)
    whole = train_dequantiser.train(tower, code, original, target, 1, 6)
    checkpoint, steps = tmp_path / "7.pt", []

    def stops(*arguments: Any) -> Tensor:
        steps.append(1)
        if len(steps) == 5:
            raise KeyboardInterrupt
        return tail(*arguments)

    tail = split.tail
    with monkeypatch.context() as stopping, pytest.raises(KeyboardInterrupt):
        stopping.setattr(split, "tail", stops)
        train_dequantiser.train(tower, code, original, target, 1, 6, checkpoint=checkpoint)
    resumed = train_dequantiser.train(tower, code, original, target, 1, 6, checkpoint=checkpoint)
    assert checkpoint.exists()
    assert all(np.allclose(resumed[name], whole[name], atol=1e-3) for name in whole)
    other = train_dequantiser.train(tower, code, original, target, 1, 2, checkpoint=checkpoint)
    assert any(not np.allclose(other[name], whole[name], atol=1e-5) for name in whole), "of another length: from the beginning"


def _error(tower: split.Tower, code: learned_code.LearnedCode, original: Tensor, target: Tensor, level: int) -> float:
    back = torch.from_numpy(np.stack([code.decode(code.encode(one, level), level) for one in original.numpy()]))
    return float((split.tail(tower, back, 1) - target).square().mean())


@pytest.fixture(scope="module")
def drawn_features() -> tuple[split.Tower, Tensor, Tensor]:
    """A small tower with random weights, smooth random photos, and what it makes of them."""
    torch.manual_seed(0)
    shape = ViTConfig(
        hidden_size=24, num_hidden_layers=3, num_attention_heads=2, intermediate_size=48, image_size=64, patch_size=8
    )
    tower = towers.ViTTower(ViTModel(shape).eval().requires_grad_(False))
    pixels = torch.nn.functional.interpolate(torch.randn(80, 3, 6, 6), (64, 64), mode="bicubic")
    with torch.inference_mode():
        original = split.head(tower, pixels, 1)
        return tower, original.clone(), split.tail(tower, original, 1).clone()
