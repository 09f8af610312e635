"""From the bytes of a photo's file to one clean JPEG: bounded, upright, 8-bit sRGB, and nothing but pixels.

Pure. Hostile files can take all memory and time that a process has: the product calls this in processes of their own
(inference/engine/photos/decoders.py). Every refusal says in one sentence what is wrong, and what to do next.
"""

from dataclasses import dataclass

from PIL import Image, ImageFile

from inference.engine.photos import cleaning, formats, notes, traits
from inference.engine.photos.cleaning import DAMAGE
from inference.engine.photos.colour import BadProfile, to_srgb
from inference.engine.photos.opening import Opened, open_photo
from inference.engine.photos.refusal import PhotoRefused, damaged, too_heavy, too_many_pixels

SMALL_QUALITY = 80


@dataclass(frozen=True)
class Limits:
    max_pixels: int
    max_side: int  # pixels of the longer side of the clean photo
    small_side: int = 0  # of a preview; 0: none is made


@dataclass(frozen=True)
class CleanPhoto:
    data: bytes  # JPEG, metadata-free, upright
    small: bytes  # JPEG, a preview
    width: int
    height: int
    source_format: str  # the name of one of formats.FORMATS
    source_bytes: int
    notes: tuple[str, ...] = ()


def read(data: bytes, limits: Limits) -> CleanPhoto:
    """Decodes nothing above `max_pixels`. Raises PhotoRefused."""
    format = formats.sniff(data)
    if format is None or not format.is_readable():
        raise unknown(data)
    try:
        with open_photo(data, format.name, limits.max_pixels, limits.max_side) as opened:
            image, remarks = _clean(opened, limits.max_side)
    except Image.DecompressionBombError:
        raise too_many_pixels(limits.max_pixels) from None
    except MemoryError:
        raise too_heavy() from None
    except DAMAGE:
        raise damaged() from None
    remarks += traits.measure(image)
    return CleanPhoto(
        cleaning.to_jpeg(image),
        _small(image, limits.small_side) if limits.small_side else b"",
        image.width,
        image.height,
        format.name,
        len(data),
        tuple(note.name for note in remarks),
    )


def unknown(data: bytes) -> PhotoRefused:
    if not data:
        return PhotoRefused("photo_empty", "The upload is empty.", "Choose the photo again.")
    accepted = formats.labels(formats.readable())
    return PhotoRefused("photo_unknown_format", f"This is not a {accepted} photo.", f"Save it as {accepted} and try again.")


def _clean(opened: Opened, max_side: int) -> tuple[Image.Image, list[notes.PhotoNote]]:
    """Shrunk first, so that nothing else needs much time or memory. Raises one of DAMAGE."""
    image, remarks = opened.image, list(opened.notes)
    if opened.tolerant:  # its rows were counted: what is missing is the end of the file alone
        ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        image.load()  # verify() passes a JPEG cut to a third; this does not
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    small = cleaning.fit(cleaning.eight_bits(image), max_side)
    upright = small if opened.is_upright else cleaning.upright(small, image)
    colours, alpha = cleaning.without_alpha(upright)
    try:
        rgb = to_srgb(colours, opened.space)
        if opened.is_hdr:
            remarks.append(notes.TONE_MAPPED)
    except BadProfile:
        rgb = to_srgb(colours, None)
        remarks.append(notes.BAD_PROFILE)
    return cleaning.bare(rgb, alpha), remarks


def _small(image: Image.Image, side: int) -> bytes:
    preview = image.copy()
    preview.thumbnail((side, side))
    return cleaning.to_jpeg(preview, SMALL_QUALITY)
