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
    found = pixels(drawn(0).convert("I" if mode == "I;16" else mode))
    assert found.shape == (1, 3, SIDE, SIDE) and found.dtype == np.float32 and found.flags.c_contiguous
    assert found.min() >= -1.001 and found.max() <= 1.001


@pytest.mark.parametrize("size", [(1, 1), (4000, 100), (1, 3000), (SIDE, SIDE)])
def test_every_size_fits(pixels: Pixels, drawn: Callable[..., Image.Image], size: tuple[int, int]) -> None:
    assert pixels(drawn(1, size)).shape == (1, 3, SIDE, SIDE)


def test_nothing_is_cropped_away(pixels: Pixels) -> None:
    """A panorama's ends are as much in the square as its middle."""
    panorama = Image.new("RGB", (4000, 100), "blue")
    panorama.paste("red", (0, 0, 400, 100))
    found = pixels(panorama)[0]
    assert found[0, SIDE // 2, 2] > 0.9 > -0.9 > found[2, SIDE // 2, 2] and found[2, SIDE // 2, -3] > 0.9


def test_white_is_one_and_black_minus_one(pixels: Pixels) -> None:
    assert np.allclose(pixels(Image.new("RGB", (9, 9), "white")), 1) and np.allclose(pixels(Image.new("RGB", (9, 9))), -1)


def test_they_are_what_transformers_makes_of_the_photo(pixels: Pixels, drawn: Callable[..., Image.Image]) -> None:
    from transformers import AutoImageProcessor

    photo = drawn(2, (300, 200))
    theirs = AutoImageProcessor.from_pretrained(COMPACT, backend="pil")(photo, return_tensors="np")["pixel_values"]
    assert np.abs(pixels(photo) - np.asarray(theirs)).max() < 1e-5


def test_without_a_processor_file_it_is_the_vit_default(tmp_path: Path) -> None:
    found = Pixels.read(tmp_path, 32)
    assert (found.mean, found.std, found.size) == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 32)
