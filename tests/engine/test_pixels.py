"""From any photo to what the tower takes in: one shape, bounded values, the same numbers as transformers' own processor."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.engine import catalogue
from inference.engine.pixels import Pixels

COMPACT = catalogue.WEIGHTS / "compact" / "classify"
SIDE = catalogue.profile("compact").image_size("classify")


@pytest.fixture
def pixels() -> Pixels:
    return Pixels.read(COMPACT, SIDE)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "1", "CMYK", "I;16"])
def test_every_kind_of_image_becomes_three_channels(pixels: Pixels, drawn: Callable[..., Image.Image], mode: str) -> None:
    values = pixels(drawn(0).convert("I" if mode == "I;16" else mode))
    assert values.shape == (1, 3, SIDE, SIDE) and values.dtype == np.float32 and values.flags.c_contiguous
    assert values.min() >= -1.001 and values.max() <= 1.001


@pytest.mark.parametrize("size", [(1, 1), (4000, 100), (1, 3000), (SIDE, SIDE)])
def test_every_size_fits(pixels: Pixels, drawn: Callable[..., Image.Image], size: tuple[int, int]) -> None:
    assert pixels(drawn(1, size)).shape == (1, 3, SIDE, SIDE)


def test_nothing_is_cropped_away(pixels: Pixels) -> None:
    """A panorama's ends are as much in the square as its middle."""
    panorama = Image.new("RGB", (4000, 100), "blue")
    panorama.paste("red", (0, 0, 400, 100))
    values = pixels(panorama)[0]
    assert values[0, SIDE // 2, 2] > 0.9 > -0.9 > values[2, SIDE // 2, 2] and values[2, SIDE // 2, -3] > 0.9


def test_white_is_one_and_black_nearly_minus_one(pixels: Pixels) -> None:
    """As the tower's published weights were trained: (x − 127) / 128."""
    assert np.allclose(pixels(Image.new("RGB", (9, 9), "white")), 1, atol=1e-5)
    assert np.allclose(pixels(Image.new("RGB", (9, 9))), -127 / 128, atol=1e-5)


def test_they_are_what_transformers_makes_of_the_photo(pixels: Pixels, drawn: Callable[..., Image.Image]) -> None:
    from transformers import AutoImageProcessor

    photo = drawn(2, (300, 200))
    theirs = AutoImageProcessor.from_pretrained(COMPACT, backend="pil")(photo, return_tensors="np")["pixel_values"]
    assert np.abs(pixels(photo) - np.asarray(theirs)).max() < 1e-5


def test_without_a_processor_file_it_is_the_vit_default(tmp_path: Path) -> None:
    values = Pixels.read(tmp_path, 32)
    assert (values.mean, values.std, values.size) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 32)
