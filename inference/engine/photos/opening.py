"""Opens a photo's file of a known format: metadata put aside, size checked, nothing decoded yet (HEIC is)."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import Image

from inference.engine.photos import heif_file, jpeg_file, png_file, webp_file
from inference.engine.photos.colour import Cicp, Icc, Space
from inference.engine.photos.notes import BAD_PROFILE, FIRST_ONLY, ROWS_MISSING, PhotoNote
from inference.engine.photos.refusal import damaged, too_many_pixels

FILLING = b"\x5a\xa5\x3c" * 4096  # stands for the missing end of a JPEG
SHARPENING = 32  # levels of 256
MISSING_ROWS, MISSING_SHARE = 16, 1 / 16  # the larger of both may be missing; more is no photo any more


@dataclass(frozen=True)
class Opened:
    image: Image.Image
    space: Space | None = None
    notes: tuple[PhotoNote, ...] = ()
    is_upright: bool = False  # the decoder has applied the orientation
    tolerant: bool = False  # the end of the file is missing, and nothing of the picture

    @property
    def is_hdr(self) -> bool:
        return isinstance(self.space, Cicp) and self.space.is_hdr


@contextmanager
def open_photo(data: bytes, format: str, max_pixels: int, max_side: int) -> Iterator[Opened]:
    """Raises PhotoRefused and one of cleaning.DAMAGE."""
    opened = OPENERS.get(format, _other)(data, format, max_pixels, max_side)
    with opened.image:
        yield opened


def _jpeg(data: bytes, format: str, max_pixels: int, max_side: int) -> Opened:
    try:
        file = jpeg_file.tidy(data)
    except jpeg_file.TooManyScans:
        raise damaged() from None
    missing = 0
    if not file.ended:
        missing = _missing_rows(file, max_pixels)
    image = _bounded(file.data, format, max_pixels)
    longer = max(image.size)
    if longer > max_side:  # decoded at a half, a quarter or an eighth where that is still large enough
        image.draft(None, (max(1, image.width * max_side // longer), max(1, image.height * max_side // longer)))
    return Opened(image, _profile(image), (ROWS_MISSING,) if missing else ())


def _missing_rows(file: jpeg_file.JpegFile, max_pixels: int) -> int:
    """How many rows at the bottom depend on bytes that the file does not have: they change with what is put there instead.

    The last scan of a progressive file may only sharpen what is there, so that differences count from a size on; the rows of
    others are all in one scan, and an eighth of them shows it. Raises PhotoRefused where too many rows are missing.
    """
    if not file.covered:
        raise damaged()
    body = file.data.removesuffix(jpeg_file.END)
    rows, pictures = 0, []
    for filled in (file.data, body + FILLING + jpeg_file.END):
        with _bounded(filled, "JPEG", max_pixels) as image:
            rows = image.height
            if not file.progressive:
                image.draft(None, (1, 1))
            pictures.append(np.asarray(image))
    high, low = np.maximum(*pictures), np.minimum(*pictures)
    change = (high - low).reshape(len(high), -1).max(axis=1)
    different = np.nonzero(change > (SHARPENING if file.progressive else 0))[0]
    missing = rows - int(different[0]) * rows // len(high) if different.size else 0
    if missing > max(MISSING_ROWS, rows * MISSING_SHARE):
        raise damaged()
    return missing


def _png(data: bytes, format: str, max_pixels: int, max_side: int) -> Opened:
    file = png_file.tidy(data)
    image = _bounded(file.data, format, max_pixels)
    if not file.ended and not png_file.has_all_rows(file.data):
        raise damaged()
    remarks = (FIRST_ONLY,) * file.animated + (BAD_PROFILE,) * file.bad_profile
    return Opened(image, file.space, remarks, tolerant=not file.ended)


def _webp(data: bytes, format: str, max_pixels: int, max_side: int) -> Opened:
    file = webp_file.tidy(data)
    image = _bounded(file.data, format, max_pixels)
    remarks = (FIRST_ONLY,) * file.animated + (BAD_PROFILE,) * file.bad_profile
    return Opened(image, _profile(image), remarks)


def _avif(data: bytes, format: str, max_pixels: int, max_side: int) -> Opened:
    image = _bounded(data, format, max_pixels)
    return Opened(image, _profile(image) or heif_file.primary_colour(data), _first_only(image))


def _heic(data: bytes, format: str, max_pixels: int, max_side: int) -> Opened:
    import pillow_heif  # not every node has it; registering it would open HEIC for every Image.open of the process

    heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    _bound(heif.size, max_pixels)
    profile = heif.info.get("icc_profile") if heif.info.get("icc_profile_type") in ("prof", "rICC") else None
    coded = heif.info.get("nclx_profile") or {}
    space = Cicp(int(coded.get("color_primaries", 1)), int(coded.get("transfer_characteristics", 13)))
    remarks = (FIRST_ONLY,) if len(heif) > 1 else ()
    return Opened(heif.to_pillow(), Icc(profile) if profile else space, remarks, is_upright=True)


def _other(data: bytes, format: str, max_pixels: int, max_side: int) -> Opened:
    image = _bounded(data, format, max_pixels)
    return Opened(image, _profile(image), _first_only(image))


Opener = Callable[[bytes, str, int, int], Opened]
OPENERS: dict[str, Opener] = {"JPEG": _jpeg, "PNG": _png, "WEBP": _webp, "AVIF": _avif, "HEIC": _heic}


def _bounded(data: bytes, format: str, max_pixels: int) -> Image.Image:
    """Opened, its declared size checked."""
    image = Image.open(io.BytesIO(data), formats=[format])
    _bound(image.size, max_pixels)
    return image


def _bound(size: tuple[int, int], max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels:
        raise too_many_pixels(max_pixels)


def _profile(image: Image.Image) -> Icc | None:
    profile = image.info.get("icc_profile")
    return Icc(profile) if isinstance(profile, bytes) and profile else None


def _first_only(image: Image.Image) -> tuple[PhotoNote, ...]:
    return (FIRST_ONLY,) if getattr(image, "is_animated", False) else ()
