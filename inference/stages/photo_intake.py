"""From a camera's frame, or a file that was handed over, to a photo this node keeps: really decoded, upright, bounded, JPEG, nothing
but pixels. No Django."""

import io
import struct
from typing import Any

from PIL import Image, ImageOps

from inference.engine.catalogue import Profile
from inference.engine.codecs import photo_codec
from inference.stages.job import Refused
from inference.stages.photo_folder import PhotoFolder

MOST_SIDE = 2048  # pixels; as photos that are uploaded
MOST_PIXELS = 64_000_000
QUALITY = 92


def photo_of(frame: bytes) -> tuple[bytes, Image.Image]:
    """The photo's file, and itself as RGB. Raises Refused."""
    try:
        with Image.open(io.BytesIO(frame), formats=["JPEG", "PNG", "WEBP"]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Refused("bad_frame", f"The picture has more than {MOST_PIXELS // 1_000_000} megapixels.")
            image.load()
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, ValueError, SyntaxError, EOFError, RuntimeError, struct.error, Image.DecompressionBombError):
        raise Refused("bad_frame", "What came is no whole JPEG, PNG or WebP picture.") from None
    upright.thumbnail((MOST_SIDE, MOST_SIDE), Image.Resampling.LANCZOS)
    clean = Image.new("RGB", upright.size)
    clean.paste(upright)  # a new image carries no EXIF: no place, no owner's name
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue(), clean


def keep(photos: PhotoFolder, photo: str, frame: bytes, profile: Profile) -> dict[str, Any]:
    """Keep a frame as this photo; what the cloud is told about it. Raises Refused."""
    data, image = photo_of(frame)
    photos.keep(photo, data)
    sizes = encoded_sizes(image, profile)
    return {"width": image.width, "height": image.height, "bytes": len(data), "stayed": True, "sizes": sizes}


def encoded_sizes(image: Image.Image, profile: Profile) -> dict[str, int]:
    """Exact bytes in every photo encoding placement may choose, by "codec:quality:side"."""
    sizes: dict[str, int] = {}
    for task in profile.tasks:
        for level in profile.photo_levels(task):
            key = f"{level.codec}:{level.quality}:{profile.image_size(task)}"
            if key not in sizes:
                sizes[key] = len(photo_codec.encode(image, level.codec, level.quality, profile.image_size(task)))
    return sizes
