"""Teacher and student see the same crop, drawn from the photo's row and the pass alone."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from inference.lab.data import crops, photo_sets

ROW, NUMBER = st.integers(0, 20_000), st.integers(0, 30)


@given(ROW, NUMBER)
def test_a_crop_lies_inside_the_photo_and_is_reproducible(row: int, number: int) -> None:
    box, flip = crops.draw(row, number)
    same_box, same_flip = crops.draw(row, number)
    left, top, width, height = (int(v) for v in box)
    assert (box == same_box).all() and flip == same_flip
    assert left + width <= photo_sets.SIDE and top + height <= photo_sets.SIDE
    smallest = crops.CLOSE_AREA if number < crops.CLOSE_PASSES else crops.WIDE_AREA
    assert (
        width * height >= 0.85 * smallest * photo_sets.SIDE**2
    )  # a side is clipped to the photo where the ratio asks for more


def test_student_pixels_are_the_teachers_crop_enlarged() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (photo_sets.SIDE, photo_sets.SIDE, 3), np.uint8)
    box, flip = np.array([20, 30, 80, 40], np.uint8), True
    crop = crops.cut(pixels, box, flip)
    student = crops.batch([crop])[0].permute(1, 2, 0).numpy()
    assert crop.shape == (40, 80, 3) and (crop == pixels[30:70, 20:100][:, ::-1]).all()
    # Averaged back to the crop's own size, the enlarged crop equals the crop, up to the blur of bilinear interpolation.
    back = student.reshape(40, 4, 80, 2, 3).mean((1, 3))
    assert np.corrcoef(back.ravel(), crop.ravel())[0, 1] > 0.9


def test_a_whole_photo_stays_unchanged() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (photo_sets.SIDE, photo_sets.SIDE, 3), np.uint8)
    assert (crops.batch([pixels])[0].permute(1, 2, 0).numpy() == pixels).all()


def test_normalised_pixels_match_the_bundles_preprocessing() -> None:
    ends = crops.normalise(torch.tensor([0, 255], dtype=torch.uint8))
    assert ends.tolist() == [-1.0, 1.0]


def test_jitter_stays_in_range_and_is_reproducible() -> None:
    pixels = torch.rand(3, 3, 8, 8) * 2 - 1
    first, second = (crops.jitter(pixels, torch.Generator().manual_seed(5)) for _ in range(2))
    assert torch.equal(first, second) and first.abs().max() <= 1 and not torch.equal(first, pixels)
