"""From a decoded picture to a clean photo, step by step: 8 bits, bounded, upright, without transparency. Pure."""

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


def to_jpeg(image: Image.Image, quality: int = QUALITY) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def eight_bits(image: Image.Image) -> Image.Image:
    """L, LA, RGB, RGBA or CMYK of 8 bits. At 50 megapixels each copy is 200 MB: no more than one is made."""
    if image.mode.startswith("I"):  # 16 bits of grey; convert() would clip everything above 255 to white
        deep = np.asarray(image)
        wide = deep if deep.dtype.itemsize == 2 and deep.dtype.kind == "u" else deep.clip(0, 65535)
        return Image.fromarray((wide >> 8).astype(np.uint8))
    if image.mode == "F":
        light = np.nan_to_num(np.asarray(image), nan=0.0, posinf=0.0, neginf=0.0)
        top = float(light.max(initial=0.0))
        scale = 255.0 if top <= 1 else 1.0 if top <= 255 else 255 / top
        return Image.fromarray((light * scale).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        return image if image.mode in ("RGBA", "LA") else image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "CMYK") else image.convert("RGB")


def fit(image: Image.Image, max_side: int) -> Image.Image:
    """At most `max_side` pixels on the longer side."""
    longer = max(image.size)
    if longer <= max_side:
        return image
    width, height = (max(1, round(side * max_side / longer)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=1.5)


def upright(image: Image.Image, source: Image.Image) -> Image.Image:
    """By the orientation that the source's EXIF names. ImageOps.exif_transpose would rewrite the EXIF, and fail over damage in
    tags that are discarded anyway."""
    try:
        turn = TURNS.get(source.getexif().get(ExifTags.Base.Orientation))
    except DAMAGE:
        return image
    return image if turn is None else image.transpose(turn)


def without_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The colours, L, RGB or CMYK, and the opacity where there is one."""
    if image.mode not in ("LA", "RGBA"):
        return image, None
    return image.convert("L" if image.mode == "LA" else "RGB"), image.getchannel("A")


def bare(image: Image.Image, alpha: Image.Image | None) -> Image.Image:
    """Transparency becomes white, as it looks on a page. A new image carries no EXIF, comment or colour profile into a file."""
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=alpha)
    return flat
