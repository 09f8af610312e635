"""From whatever a browser sends to one clean JPEG: bounded, really decoded, upright, and without anything but pixels.

Pure: no files, no Django. Every refusal says what is wrong in one sentence and what to do next.
"""

import io
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, UnidentifiedImageError

QUALITY = 92  # what re-encoding costs at this quality is below what the models notice
KINDS = "JPEG, PNG, WebP or HEIC"
HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
# All that Pillow and libheif raise for bytes they cannot make sense of; MemoryError is what a lying header can end in.
DAMAGE = (
    OSError, ValueError, SyntaxError, EOFError, RuntimeError, MemoryError, KeyError, IndexError, TypeError, OverflowError, struct.error,
)  # fmt: skip
# EXIF's orientation -> what puts the photo upright.
TURNS: dict[Any, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class PhotoRefused(Exception):
    def __init__(self, code: str, message: str, next: str) -> None:
        super().__init__(message)
        self.code, self.message, self.next = code, message, next


@dataclass(frozen=True)
class CleanPhoto:
    data: bytes  # JPEG, metadata-free, upright
    width: int
    height: int
    source_format: str  # "JPEG" | "PNG" | "WEBP" | "HEIC"
    source_bytes: int


def receive(chunks: Iterable[bytes], *, max_bytes: int, max_pixels: int, max_side: int) -> CleanPhoto:
    """Reads no further than one chunk past `max_bytes`, decodes nothing above `max_pixels`, returns at most `max_side` on
    the longer side. Raises PhotoRefused."""
    data = _collect(chunks, max_bytes)
    kind = sniff(data)
    try:
        with _open(data, kind, max_pixels) as image:
            image.load()  # verify() passes a JPEG cut to a third; this does not
            clean = _fit(_flat(image if kind == "HEIC" else _upright(image)), max_side)
    except Image.DecompressionBombError:
        raise _too_many_pixels(max_pixels) from None
    except (UnidentifiedImageError, *DAMAGE):
        raise PhotoRefused(
            "photo_damaged", "The photo is damaged or cut short.", "Open it on your side and save it again."
        ) from None
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=QUALITY, optimize=True)
    return CleanPhoto(out.getvalue(), clean.width, clean.height, kind, len(data))


def sniff(data: bytes) -> str:
    """The format by its first bytes; the file's name and declared type are not asked."""
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS:
        return "HEIC"
    if not data:
        raise PhotoRefused("photo_empty", "The upload holds no bytes.", "Choose the photo again.")
    raise PhotoRefused("photo_unknown_format", f"This is not a {KINDS} photo.", f"Save it as {KINDS} and try again.")


def _collect(chunks: Iterable[bytes], max_bytes: int) -> bytes:
    held = bytearray()
    for chunk in chunks:
        held += chunk
        if len(held) > max_bytes:
            size = f"{max_bytes / 1024 / 1024:.0f} MB" if max_bytes >= 1024 * 1024 else f"{max_bytes} bytes"
            raise PhotoRefused("photo_too_large", f"The photo is larger than {size}.", "Save it smaller and try again.")
    return bytes(held)


def _open(data: bytes, kind: str, max_pixels: int) -> Image.Image:
    """Reads the header, checks the size it claims, and leaves decoding to the caller (HEIC is decoded here)."""
    if kind == "HEIC":
        # Opened directly: registering a plugin would open HEIC for every Image.open of the process.
        heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
        _bound(heif.size, max_pixels)
        return heif.to_pillow()  # libheif has turned it upright already, whatever its EXIF says
    image = Image.open(io.BytesIO(data), formats=[kind])
    _bound(image.size, max_pixels)
    return image


def _bound(size: tuple[int, int], max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels:
        raise _too_many_pixels(max_pixels)


def _too_many_pixels(max_pixels: int) -> PhotoRefused:
    most = f"{max_pixels / 1e6:.0f} megapixels" if max_pixels >= 1_000_000 else f"{max_pixels} pixels"
    return PhotoRefused("photo_too_many_pixels", f"The photo has more than {most}.", "Save it smaller and try again.")


def _upright(image: Image.Image) -> Image.Image:
    """ImageOps.exif_transpose would write the EXIF anew, and fail over damage in tags that are thrown away anyway."""
    try:
        turn = TURNS.get(image.getexif().get(ExifTags.Base.Orientation))
    except DAMAGE:
        return image
    return image if turn is None else image.transpose(turn)


def _flat(image: Image.Image) -> Image.Image:
    """8-bit RGB; what was transparent becomes white, as it looks on a page. At 50 megapixels each copy is 200 MB: no more than one."""
    if image.mode.startswith("I"):  # 16 bits of grey; convert() would clip everything above 255 to white
        deep = np.asarray(image).astype(np.int64).clip(0, 65535)
        return Image.fromarray((deep >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        seen = image if image.mode == "RGBA" else image.convert("RGBA")
        flat = Image.new("RGB", seen.size, "white")
        flat.paste(seen, mask=seen)
        return flat
    return image if image.mode == "RGB" else image.convert("RGB")


def _fit(image: Image.Image, max_side: int) -> Image.Image:
    """Only pixels go on: a new image carries no EXIF, no comment and no colour profile into the file."""
    longer = max(image.size)
    if longer > max_side:
        size = tuple(max(1, round(side * max_side / longer)) for side in image.size)
        image = image.resize((size[0], size[1]), Image.Resampling.LANCZOS)
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    return clean
