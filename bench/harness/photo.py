"""A photo whose content does not matter, but that no other photo equals."""

import io

import numpy as np
from PIL import Image


def photo(seed: int = 0) -> bytes:
    """A JPEG of 640×480 pixels with soft colours."""
    blocks = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(blocks).resize((640, 480), Image.Resampling.BICUBIC).save(out, "JPEG", quality=90)
    return out.getvalue()
