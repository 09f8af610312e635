"""JPEG, WebP and AVIF at the model's input size: the fair baseline for sending features. No torch."""

import io
import struct
from collections.abc import Iterator, Sequence

from PIL import Image, UnidentifiedImageError, features

from inference.engine.model_options import PhotoLevel

FORMATS = {"jpeg": "JPEG", "webp": "WEBP", "avif": "AVIF"}
CODECS = tuple(name for name in FORMATS if name == "jpeg" or features.check(name))
MAX_PIXELS = 24_000_000  # checked photos are at most 2048 on a side; this leaves room for a larger setting
MAX_BYTES = 32 * 1024 * 1024
CUT_QUALITIES = (95, 85, 70)
MAX_SCANS = 100  # of a JPEG; a crafted one has thousands, each as slow as the whole photo
SCAN = b"\xff\xda"


class PhotoCodecError(Exception):
    """One sentence for people."""


def encode(image: Image.Image, codec: str, quality: int, size: int) -> bytes:
    """The photo resized to `size` × `size` pixels, as the models' preprocessing does, at `quality` 1…100. Raises
    PhotoCodecError.
    """
    return write(_square(image, size), codec, quality)


def _square(image: Image.Image, size: int) -> Image.Image:
    square = image.convert("RGB")
    if square.size != (size, size):
        # Bilinear with antialiasing, as in the models' preprocessing: the edge then has nothing left to resize.
        square = square.resize((size, size), Image.Resampling.BILINEAR)
    return square


def encode_within(image: Image.Image, codec: str, quality: int, side: int) -> bytes:
    """The photo in its own proportions, its longer side at most `side` pixels, at `quality` 1…100. Raises PhotoCodecError."""
    return write(_within(image, side), codec, quality)


def _within(image: Image.Image, side: int) -> Image.Image:
    photo, scale = image.convert("RGB"), side / max(image.size)
    if scale < 1:
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        photo = photo.resize(size, Image.Resampling.BICUBIC)
    return photo


def write(image: Image.Image, codec: str, quality: int) -> bytes:
    """At its own size. Raises PhotoCodecError."""
    if codec not in CODECS:
        raise PhotoCodecError(f"This machine cannot write {codec}; choose one of {', '.join(CODECS)}.")
    if not 1 <= quality <= 100:
        raise PhotoCodecError(f"Quality {quality} is not between 1 and 100; choose one that is.")
    out = io.BytesIO()
    if codec == "jpeg":
        image.save(out, "JPEG", quality=quality, optimize=True)
    elif codec == "webp":
        image.save(out, "WEBP", quality=quality, method=4)
    else:
        image.save(out, "AVIF", quality=quality, speed=6)
    return out.getvalue()


def encode_level(image: Image.Image, level: PhotoLevel, size: int) -> bytes:
    """`size`: of the model's input, where the level has no side of its own. Raises PhotoCodecError."""
    return write(resized(image, level, size), level.codec, level.quality)


def resized(image: Image.Image, level: PhotoLevel, size: int) -> Image.Image:
    """What `encode_level` encodes."""
    return _within(image, level.side) if level.side else _square(image, size)


def again(data: bytes, level: PhotoLevel, size: int) -> bytes:
    """Re-encode a photo's file. Raises PhotoCodecError."""
    return encode_level(decode(data), level, size)


def encode_part(image: Image.Image, most_bytes: int) -> bytes:
    """A part of a photo as a JPEG, at the highest of a few qualities that takes no more bytes than the whole photo's file."""
    for quality in CUT_QUALITIES:
        if len(data := write(image, "jpeg", quality)) <= most_bytes:
            break
    return data


def decode(data: bytes) -> Image.Image:
    """A photo's file as RGB. Raises PhotoCodecError for anything but one complete picture of bounded size."""
    if len(data) > MAX_BYTES:
        raise PhotoCodecError("The photo is larger than 32 MiB; upload a smaller one.")
    if data.startswith(b"\xff\xd8") and data.count(SCAN) > MAX_SCANS:
        raise PhotoCodecError("The photo is damaged; upload it again.")
    try:
        with Image.open(io.BytesIO(data), formats=[FORMATS[name] for name in CODECS]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PhotoCodecError("The photo has more than 24 megapixels; upload a smaller one.")
            image.load()
            return image.convert("RGB")
    except UnidentifiedImageError:
        raise PhotoCodecError("These bytes are not a JPEG, WebP or AVIF photo; upload the photo again.") from None
    except (OSError, ValueError, SyntaxError, EOFError, RuntimeError, MemoryError, struct.error, Image.DecompressionBombError):
        raise PhotoCodecError("The photo is damaged; upload it again.") from None


class Photos:
    """Files of photos, decoded while one goes through them, so that one is in memory at a time. Raises PhotoCodecError then."""

    def __init__(self, files: Sequence[bytes]) -> None:
        self.files = files

    def __iter__(self) -> Iterator[Image.Image]:
        return map(decode, self.files)
