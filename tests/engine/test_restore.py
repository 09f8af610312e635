"""The restoring block: what training computes is what nodes compute, and a block of other shapes is refused."""

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from inference.engine.codecs import feature_code, learned_code, restore
from inference.engine.codecs.bit_planes import PLANES, REFINE
from inference.lab.codes import train_dequantiser

TOKENS, WIDTH, LEVELS = 17, 12, 3
SIZES = (2, 5, 9)


@pytest.fixture
def block() -> train_dequantiser.Dequantiser:
    torch.manual_seed(0)
    block = train_dequantiser.Dequantiser(torch.rand(WIDTH) + 0.5, TOKENS, LEVELS)
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return block


def _arrays(block: train_dequantiser.Dequantiser) -> dict[str, NDArray[np.float32]]:
    return {name: block.state_dict()[name].numpy() for name in restore.TENSORS}


def code_arrays(seed: int = 0) -> dict[str, NDArray[Any]]:
    """Sends the first quarter of the coefficients only, plane after plane."""
    groups = (np.arange(TOKENS * WIDTH) >= TOKENS * WIDTH // 4).reshape(TOKENS, WIDTH)
    passes = [(0, plane, low) for plane in range(PLANES) for low in (0, REFINE) if plane or low != REFINE]
    lost = np.repeat(2.0 ** (1 - np.arange(1 + PLANES)), 4).reshape(1 + PLANES, 2, 2).transpose(1, 0, 2)
    mean = np.random.default_rng(seed).normal(size=(TOKENS, WIDTH))
    centres = np.full((2, 1 + PLANES, 2), 0.5)
    return {"mean": mean, "forward": np.eye(WIDTH), "inverse": np.eye(WIDTH), "unit": np.full((TOKENS, WIDTH), 3.0),
            "groups": groups, "passes": np.array(passes), "centres": centres, "lost": lost}  # fmt: skip


def test_nodes_restore_what_training_restores(block: train_dequantiser.Dequantiser) -> None:
    features = np.random.default_rng(1).normal(size=(TOKENS, WIDTH)).astype(np.float32)
    for level in range(1, LEVELS + 1):
        with torch.inference_mode():
            wanted = block(torch.from_numpy(features)[None], torch.tensor([level]))[0].numpy()
        output = restore.Restorer(_arrays(block), TOKENS, WIDTH, LEVELS)(features, level)
        assert output.dtype == np.float32
        assert np.abs(output - wanted).max() < 1e-5 * np.abs(wanted).max()
        assert not np.allclose(output, 0, atol=1e-2)


def test_an_untrained_block_changes_nothing() -> None:
    fresh = restore.Restorer(_arrays(train_dequantiser.Dequantiser(torch.ones(WIDTH), TOKENS, LEVELS)), TOKENS, WIDTH, LEVELS)
    features = np.random.default_rng(1).normal(size=(TOKENS, WIDTH)).astype(np.float32)
    assert not fresh(features, 1).any()


@pytest.mark.parametrize(
    ("tokens", "width", "levels"), [(TOKENS + 1, WIDTH, LEVELS), (TOKENS, WIDTH + 1, LEVELS), (TOKENS, WIDTH, 2)]
)
def test_a_block_of_other_shapes_is_refused(block: train_dequantiser.Dequantiser, tokens: int, width: int, levels: int) -> None:
    with pytest.raises(ValueError, match="do not fit their code"):
        restore.Restorer(_arrays(block), tokens, width, levels)


def test_a_code_with_a_broken_block_is_refused(block: train_dequantiser.Dequantiser) -> None:
    whole = {**code_arrays(), **_arrays(block)}
    for name in (*learned_code.TENSORS, *restore.TENSORS[1:]):
        with pytest.raises(feature_code.CodecError, match="is inconsistent"):
            learned_code.LearnedCode({key: value for key, value in whole.items() if key != name}, SIZES)


def test_the_block_is_part_of_what_a_code_means(block: train_dequantiser.Dequantiser) -> None:
    plain, restored = (
        learned_code.LearnedCode(code_arrays(), SIZES),
        learned_code.LearnedCode({**code_arrays(), **_arrays(block)}, SIZES),
    )
    assert plain.digest != restored.digest
    features = np.random.default_rng(2).normal(size=(TOKENS, WIDTH)).astype(np.float32)
    payload = restored.encode(features, 3)
    assert payload == plain.encode(features, 3) and not np.allclose(restored.decode(payload, 3), plain.decode(payload, 3))


def test_what_was_sent_in_full_is_left_as_it_is(block: train_dequantiser.Dequantiser) -> None:
    """Of the first quarter of the coefficients every bit is sent with the last level, of the others none."""
    arrays = code_arrays()
    arrays["lost"][:, -1] = 0
    sizes = (2, 5, TOKENS * WIDTH // 4 * (PLANES + 2) // 8)
    plain, restored = (learned_code.LearnedCode(part, sizes) for part in (arrays, {**arrays, **_arrays(block)}))
    features = np.random.default_rng(2).normal(size=(TOKENS, WIDTH)).astype(np.float32)
    payload = plain.encode(features, 3)
    before, after = (feature_code.spectrum(code.decode(payload, 3) - code.mean).ravel() for code in (plain, restored))
    sent = np.arange(before.size) < TOKENS * WIDTH // 4
    assert np.allclose(before[sent], after[sent], atol=1e-4)
    assert not np.allclose(before[~sent], after[~sent], atol=1e-2)


def test_training_restores_as_nodes_do(block: train_dequantiser.Dequantiser) -> None:
    code = learned_code.LearnedCode({**code_arrays(), **_arrays(block)}, SIZES)
    features = np.random.default_rng(3).normal(size=(4, TOKENS, WIDTH)).astype(np.float32)
    batched = train_dequantiser.BatchedCode(code)
    for level in range(1, LEVELS + 1):
        levels = torch.full((4,), level)
        with torch.inference_mode():
            decoded, left = batched(torch.from_numpy(features), levels)
            restored = batched.restored(decoded, block(decoded, levels), left).numpy()
        for one, output in zip(features, restored, strict=True):
            assert np.allclose(code.decode(code.encode(one, level), level), output, atol=1e-3)


def test_training_quantises_as_nodes_do() -> None:
    code = learned_code.LearnedCode(code_arrays(), SIZES)
    features = np.random.default_rng(3).normal(size=(4, TOKENS, WIDTH)).astype(np.float32)
    batched = train_dequantiser.BatchedCode(code)
    for level in range(1, LEVELS + 1):
        back = batched(torch.from_numpy(features), torch.full((4,), level))[0].numpy()
        for one, output in zip(features, back, strict=True):
            assert np.allclose(code.decode(code.encode(one, level), level), output, atol=1e-4)
