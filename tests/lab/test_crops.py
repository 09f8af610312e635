"""Views of training photos, drawn from the photo's name and the view's number alone."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from inference.engine.catalogue import WEIGHTS
from inference.engine.pixels import Pixels
from inference.lab.data import crops
from inference.lab.data.photo_sets import SIDE

NAME, NUMBER = st.text(max_size=20), st.integers(0, 30)


@given(NAME, NUMBER)
def test_a_view_lies_inside_the_photo_and_is_reproducible(name: str, number: int) -> None:
    part = crops.view(name, number)
    assert part == crops.view(name, number)
    assert 0 <= part.left < part.right <= 1 + 1e-9 and 0 <= part.top < part.bottom <= 1 + 1e-9
    # a side is clipped to the photo where the ratio asks for more
    assert (part.right - part.left) * (part.bottom - part.top) >= 0.8 * crops.AREA


def test_the_first_views_are_the_whole_photo_and_its_mirror_image() -> None:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8))
    whole, mirrored = (crops.cut(image, crops.view("a", number)) for number in (crops.WHOLE, crops.MIRRORED))
    assert (whole == np.asarray(image)).all() and (mirrored == np.asarray(image)[:, ::-1]).all()


def test_pixels_are_those_of_the_bundles_own_preprocessing() -> None:
    image = Image.fromarray(np.random.default_rng(2).integers(0, 256, (90, 120, 3), np.uint8))
    ours = crops.batch(crops.cut(image, crops.view("a", crops.WHOLE))[None])
    theirs = Pixels.read(WEIGHTS / "compact" / "classify", SIDE)(image)
    assert torch.allclose(ours, torch.from_numpy(theirs), atol=1e-5)
