"""The photos that lie on the devices, one folder for each class. A client's part is what the device it runs on holds."""

import hashlib
import struct
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from federation.app.datasets import photo_folder, photo_split
from federation.app.datasets.base import DataSet
from federation.app.errors import DataMissing

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

    from federation.app.datasets.examples import Examples

SIDE = 64
MOST_PIXELS = 64_000_000  # of one photo: a small file can claim more than the board has memory
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")
DATE, DATE_ORIGINAL, EXIF = 306, 36867, 0x8769
# All that Pillow and libheif raise for bytes they cannot make sense of.
DAMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    RuntimeError,
    KeyError,
    IndexError,
    TypeError,
    OverflowError,
    struct.error,
)

Listing = tuple[tuple[str, Path, float], ...]  # class, file, time of its last change


def load(folder: Path, held_out: bool) -> "tuple[Examples, tuple[str, ...]]":
    """With the labels of this device's own classes. A photo that cannot be read is in `skipped`."""
    import numpy as np

    root = photo_folder.of_data(folder)
    listing = listing_of(root)
    if not listing:
        raise DataMissing(f"There are no labelled photos on this device: {root} needs one folder of photos for each class.")
    examples, classes, tests = _read(root, listing)
    if not len(examples):
        raise DataMissing(f"None of the {len(listing):,} labelled photos on this device can be read.")
    return examples.part(np.flatnonzero(np.array(tests) == held_out)), classes


def listing_of(root: Path) -> Listing:
    files = [(label, file) for label, files in photo_folder.photos(root).items() for file in files]
    return tuple((label, file, written) for label, file in files if (written := _written(file)) is not None)


@lru_cache(maxsize=1)
def _read(root: Path, listing: Listing) -> "tuple[Examples, tuple[str, ...], list[bool]]":
    """Every photo that can be read, the classes, and which photos are held out."""
    import torch

    from federation.app.datasets.examples import Examples

    classes = tuple(dict.fromkeys(label for label, _, _ in listing))
    pixels: list[Tensor] = []
    shots: list[photo_split.Shot] = []
    skipped: list[str] = []
    for label, file, written in listing:
        try:
            photo, taken = _opened(file)
        except DAMAGE:
            skipped.append(file.name)
            continue
        pixels.append(photo)
        # The first folder below the root is the class, what comes between it and the file is a group.
        inner = "/".join(file.relative_to(root).parts[1:-1])
        digest = hashlib.sha256(photo.numpy().tobytes()).digest()
        when = taken if taken is not None else photo_split.time_of(file.stem)
        shots.append(photo_split.Shot(classes.index(label), file.name, inner, when, written, digest))
    stacked = torch.stack(pixels) if pixels else torch.zeros(0, 3, SIDE, SIDE, dtype=torch.uint8)
    labels = torch.tensor([shot.label for shot in shots], dtype=torch.int64)
    return Examples(stacked, labels, tuple(skipped)), classes, photo_split.held_out(shots)


def _written(file: Path) -> float | None:
    try:
        return file.stat().st_mtime
    except OSError:
        return None  # deleted since it was listed


def _opened(file: Path) -> "tuple[Tensor, float | None]":
    """The pixels of one photo, upright, and when it was taken. Raises one of DAMAGE."""
    from PIL import Image, ImageOps

    try:
        with _image(file) as photo:
            _bound(photo.size)
            exif = photo.getexif()
            stated = exif.get_ifd(EXIF).get(DATE_ORIGINAL) or exif.get(DATE)
            taken = photo_split.time_of(stated) if isinstance(stated, str) else None
            return pixels_of(_flat(ImageOps.exif_transpose(photo))), taken
    except (Image.DecompressionBombError, MemoryError) as error:
        raise ValueError("too many pixels") from error


def _image(file: Path) -> "Image.Image":
    from PIL import Image

    if file.suffix.lower() not in photo_folder.HEIF:
        Image.init()
        return Image.open(file, formats=[name for name in FORMATS if name in Image.OPEN])  # an older Pillow knows fewer
    try:
        import pillow_heif
    except ImportError as error:
        raise OSError("HEIC needs the package pillow-heif") from error
    heif = pillow_heif.open_heif(file, convert_hdr_to_8bit=True)
    _bound(heif.size)
    photo: Image.Image = heif.to_pillow()  # libheif has applied the orientation
    return photo


def _bound(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MOST_PIXELS:
        raise ValueError("too many pixels")


def _flat(photo: "Image.Image") -> "Image.Image":
    """Transparency as white, and 16 bits of grey as 8: a plain conversion makes them black and white."""
    from PIL import Image

    if photo.mode.startswith("I"):
        return photo.convert("I").point(lambda value: value / 256).convert("L")
    if not photo.has_transparency_data:
        return photo
    layered = photo.convert("RGBA")
    flat = Image.new("RGB", layered.size, "white")
    flat.paste(layered, mask=layered)
    return flat


def pixels_of(photo: "Image.Image") -> "Tensor":
    from federation.app.datasets.examples import rgb

    return rgb(photo, SIDE)


PHOTOS = DataSet(
    name="photos",
    label="Photos on the devices",
    help="each device trains on its own photos, in one folder for each class",
    channels=3,
    side=SIDE,
    classes=None,
    examples=500,
    examples_per_s=100.0,
    load=load,
    pixels_of=pixels_of,
    tested_on=(
        "Each device tests on about a fifth of its own photos: the newest. Photos taken within a minute of each other, lying "
        "in one subfolder or equal to each other are never in both parts. Photos without a time are held out by name."
    ),
)
