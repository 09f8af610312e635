"""From an upload to one clean JPEG: size-limited, fully decoded, upright, and without metadata.

Pure: no files, no Django. Every refusal says in one sentence what is wrong, and what to do next.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass

import pillow_heif
from PIL import Image, UnidentifiedImageError

from inference.engine import photo_cleaning

KINDS = "JPEG, PNG, WebP or HEIC"
HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}


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
            clean = photo_cleaning.clean(image, max_side, is_upright=kind == "HEIC")
    except Image.DecompressionBombError:
        raise _too_many_pixels(max_pixels) from None
    except (UnidentifiedImageError, *photo_cleaning.DAMAGE):
        raise PhotoRefused(
            "photo_damaged", "The photo is damaged or incomplete.", "Open it in an image viewer and save it again."
        ) from None
    return CleanPhoto(photo_cleaning.to_jpeg(clean), clean.width, clean.height, kind, len(data))


def sniff(data: bytes) -> str:
    """The format, from the first bytes; the file's name and declared type are ignored."""
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in HEIF_BRANDS:
        return "HEIC"
    if not data:
        raise PhotoRefused("photo_empty", "The upload is empty.", "Choose the photo again.")
    raise PhotoRefused("photo_unknown_format", f"This is not a {KINDS} photo.", f"Save it as {KINDS} and try again.")


def _collect(chunks: Iterable[bytes], max_bytes: int) -> bytes:
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > max_bytes:
            size = f"{max_bytes / 1024 / 1024:.0f} MB" if max_bytes >= 1024 * 1024 else f"{max_bytes} bytes"
            raise PhotoRefused("photo_too_large", f"The photo is larger than {size}.", "Save it smaller and try again.")
    return bytes(data)


def _open(data: bytes, kind: str, max_pixels: int) -> Image.Image:
    """Reads the header and checks the declared size; the caller decodes (HEIC is decoded here)."""
    if kind == "HEIC":
        # Opened directly: registering a plugin would open HEIC for every Image.open of the process.
        heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
        _bound(heif.size, max_pixels)
        return heif.to_pillow()  # libheif has already applied the orientation
    image = Image.open(io.BytesIO(data), formats=[kind])
    _bound(image.size, max_pixels)
    return image


def _bound(size: tuple[int, int], max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels:
        raise _too_many_pixels(max_pixels)


def _too_many_pixels(max_pixels: int) -> PhotoRefused:
    most = f"{max_pixels / 1e6:.0f} megapixels" if max_pixels >= 1_000_000 else f"{max_pixels} pixels"
    return PhotoRefused("photo_too_many_pixels", f"The photo has more than {most}.", "Save it smaller and try again.")
