"""JPEG, WebP and AVIF at the model's input size: the fair baseline for sending features. No torch."""

import io
import struct

from PIL import Image, UnidentifiedImageError, features

FORMATS = {"jpeg": "JPEG", "webp": "WEBP", "avif": "AVIF"}
CODECS = tuple(name for name in FORMATS if name == "jpeg" or features.check(name))
MAX_PIXELS = 24_000_000  # checked photos are at most 2048 on a side; this leaves room for a larger setting
MAX_BYTES = 32 * 1024 * 1024
MAX_SCANS = 100  # of a JPEG; a crafted one has thousands, each as slow as the whole photo
SCAN = b"\xff\xda"


class PhotoCodecError(Exception):
    """One sentence for people."""


def encode(image: Image.Image, codec: str, quality: int, size: int) -> bytes:
    """The photo resized to `size` × `size` pixels, as the models' preprocessing does, at `quality` 1…100. Raises
    PhotoCodecError.
    """
    if codec not in CODECS:
        raise PhotoCodecError(f"This machine cannot write {codec}; choose one of {', '.join(CODECS)}.")
    if not 1 <= quality <= 100:
        raise PhotoCodecError(f"Quality {quality} is not between 1 and 100; choose one that is.")
    square = image.convert("RGB")
    if square.size != (size, size):
        # Bilinear with antialiasing, as in the models' preprocessing: the edge then has nothing left to resize.
        square = square.resize((size, size), Image.Resampling.BILINEAR)
    out = io.BytesIO()
    if codec == "jpeg":
        square.save(out, "JPEG", quality=quality, optimize=True)
    elif codec == "webp":
        square.save(out, "WEBP", quality=quality, method=4)
    else:
        square.save(out, "AVIF", quality=quality, speed=6)
    return out.getvalue()


def again(data: bytes, codec: str, quality: int, size: int) -> bytes:
    """Re-encode a photo's file. Raises PhotoCodecError."""
    return encode(decode(data), codec, quality, size)


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
