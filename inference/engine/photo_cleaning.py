"""From a decoded picture to a clean photo: upright, 8-bit RGB, bounded, and nothing but pixels. Pure; server and nodes share
it.
"""

import io
import struct

import numpy as np
from PIL import ExifTags, Image

QUALITY = 92  # what re-encoding costs at this quality is below what the models notice
# All that Pillow and libheif raise for bytes they cannot make sense of; MemoryError is what a lying header can end in.
DAMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    RuntimeError,
    MemoryError,
    KeyError,
    IndexError,
    TypeError,
    OverflowError,
    struct.error,
)
# EXIF's orientation -> what puts the photo upright.
TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def clean(image: Image.Image, max_side: int, is_upright: bool = False) -> Image.Image:
    """At most `max_side` pixels on the longer side. `is_upright`: the decoder has applied the orientation already.

    Raises one of DAMAGE.
    """
    image.load()  # verify() passes a JPEG cut to a third; this does not
    return _fit(_flat(image if is_upright else _upright(image)), max_side)


def to_jpeg(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _upright(image: Image.Image) -> Image.Image:
    """ImageOps.exif_transpose would rewrite the EXIF, and fail over damage in tags that are discarded anyway."""
    try:
        turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation))
    except DAMAGE:
        return image
    return image if turn is None else image.transpose(turn)


def _flat(image: Image.Image) -> Image.Image:
    """8-bit RGB; transparency becomes white, as it looks on a page. At 50 megapixels each copy is 200 MB: no more than one."""
    if image.mode.startswith("I"):  # 16 bits of grey; convert() would clip everything above 255 to white
        deep = np.asarray(image).astype(np.int64).clip(0, 65535)
        return Image.fromarray((deep >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layered = image if image.mode == "RGBA" else image.convert("RGBA")
        flat = Image.new("RGB", layered.size, "white")
        flat.paste(layered, mask=layered)
        return flat
    return image if image.mode == "RGB" else image.convert("RGB")


def _fit(image: Image.Image, max_side: int) -> Image.Image:
    """A new image carries no EXIF, no comment and no colour profile into the file."""
    longer = max(image.size)
    if longer > max_side:
        width, height = (max(1, round(side * max_side / longer)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    return bare
