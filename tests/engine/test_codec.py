"""The feature codes: fixed bytes, each level a prefix of the next, and less error with every level."""

import copy
import itertools
import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from devices.contract import wire
from inference.engine import runner
from inference.engine.codecs import feature_code, learned_code
from inference.engine.runner import Vision
from tests.bundled import SPLIT_AT
from tests.engine.test_restore import code_arrays

TASKS = ("classify", "caption", "vqa")


def _features(vision: Vision, image: Image.Image, k: int) -> NDArray[np.float32]:
    part = vision.engine.parts["classify"]
    return part.networks.vision.head(part.pixels(image), k)[0]


def _points(vision: Vision) -> list[int]:
    return list(vision.profile.split_points("classify"))


@pytest.mark.parametrize("task", TASKS)
def test_a_packet_has_exactly_the_bytes_the_catalogue_promises(compact: Vision, image: Image.Image, task: str) -> None:
    for k in compact.profile.split_points(task):
        for level in compact.profile.code_levels(task, k):
            assert len(compact.run_head(task, image, k, level.level)) == level.bytes


def test_so_has_a_pooled_packet(small: Vision, small_folders: dict[str, object], image: Image.Image) -> None:
    fresh = runner.load(small.profile)
    for task in TASKS:
        assert not fresh.profile.learned(task)
        for k in fresh.profile.split_points(task):
            for level in fresh.profile.code_levels(task, k):
                assert len(fresh.run_head(task, image, k, level.level)) == level.bytes


def test_each_learned_level_is_a_prefix_of_the_next(compact: Vision, image: Image.Image) -> None:
    for k in _points(compact):
        code, features = compact.engine.parts["classify"].codes[k], _features(compact, image, k)
        payloads = [code.encode(features, level) for level in range(1, len(code.sizes) + 1)]
        assert all(longer.startswith(shorter) for shorter, longer in itertools.pairwise(payloads))
        assert len({len(payload) for payload in payloads}) == len(payloads)


def test_each_pooled_level_is_a_prefix_of_the_next() -> None:
    features = np.random.default_rng(0).normal(size=(65, 12)).astype(np.float32)
    code = feature_code.PooledCode(65, 12)
    payloads = [code.encode(features, level) for level in (1, 2, 3)]
    assert payloads[2].startswith(payloads[1]) and payloads[1].startswith(payloads[0])


def test_error_falls_with_every_level_of_the_bundled_code(compact: Vision, drawn: object) -> None:
    """Before restoring, which minds what the tower makes of features and not the features themselves."""
    images = [drawn(seed) for seed in range(4)]  # type: ignore[operator]
    for k in _points(compact):
        code = copy.copy(compact.engine.parts["classify"].codes[k])
        assert isinstance(code, learned_code.LearnedCode)
        code.restorer = None
        errors = np.zeros(len(code.sizes))
        for image in images:
            features = _features(compact, image, k)
            errors += [
                float(np.square(code.decode(code.encode(features, n), n) - features).mean())
                for n in range(1, len(code.sizes) + 1)
            ]
        assert list(errors) == sorted(errors, reverse=True), (k, errors)


def test_the_highest_pooled_level_is_nearly_exact() -> None:
    features = np.random.default_rng(0).normal(size=(65, 192)).astype(np.float32)
    code = feature_code.PooledCode(65, 192)
    back = code.decode(code.encode(features, 3), 3)
    assert np.abs(back - features).max() < 0.05 and back.shape == features.shape and back.dtype == np.float32


def test_the_cosine_transform_loses_nothing() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    assert np.allclose(feature_code.spectrum(feature_code.spectrum(rows), inverse=True), rows, atol=1e-5)
    assert np.isclose(np.square(feature_code.spectrum(rows)).sum(), np.square(rows).sum(), rtol=1e-4)


@pytest.mark.parametrize("change", [-1, 1, 1000])
def test_a_payload_of_another_length_is_refused(compact: Vision, change: int) -> None:
    for code in (next(iter(compact.engine.parts["classify"].codes.values())), feature_code.PooledCode(65, 192)):
        for level, size in enumerate(code.sizes, 1):
            with pytest.raises(
                feature_code.CodecError, match=f"Level {level} has {size} bytes, not {size + change}; send it again."
            ):
                code.decode(bytes(size + change), level)


@pytest.mark.parametrize("level", [0, -1, 99])
def test_a_level_the_code_lacks_is_refused(compact: Vision, level: int) -> None:
    for code in (next(iter(compact.engine.parts["classify"].codes.values())), feature_code.PooledCode(65, 192)):
        with pytest.raises(feature_code.CodecError, match="This code has levels 1 to"):
            code.decode(b"", level)


@pytest.mark.parametrize("tokens", [0, 1, 3, 64])
def test_tokens_that_are_no_square_grid_cannot_be_coded(tokens: int) -> None:
    with pytest.raises(feature_code.CodecError, match="cannot be split"):
        feature_code.PooledCode(tokens, 8)


def test_a_code_that_contradicts_itself_is_refused() -> None:
    arrays = code_arrays()
    assert learned_code.LearnedCode(arrays, (1,)).sizes == (1,)
    shorter = {name: arrays[name][:-1] for name in ("mean", "unit", "groups", "centres", "lost")}
    for name, value in {**shorter, "passes": arrays["passes"][1:]}.items():
        with pytest.raises(feature_code.CodecError, match="is inconsistent"):
            learned_code.LearnedCode({**arrays, name: value}, (1,))


def test_two_processes_mean_the_same_by_a_packet(compact: Vision) -> None:
    """The digest names weights, words and codes; it must not depend on the process that computes it."""
    script = (
        "from inference.engine import catalogue, runner; from PIL import Image\n"
        "vision = runner.load(catalogue.profile('compact'))\n"
        f"print(vision.digest, vision.run_head('vqa', Image.new('RGB', (64, 64), 'orange'), {SPLIT_AT}, 1)[:14].hex())"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    ours = compact.run_head("vqa", Image.new("RGB", (64, 64), "orange"), SPLIT_AT, 1)
    assert output[0] == compact.digest
    assert bytes.fromhex(output[1])[: wire.CHECKED] == ours[: wire.CHECKED]
