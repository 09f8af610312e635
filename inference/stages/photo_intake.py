"""From a camera's frame, or an uploaded file, to a photo this node keeps. No Django."""

import io

from PIL import Image

from devices.agent.jobs import Refused
from devices.contract.results import Kept
from inference.engine import photo_cleaning
from inference.engine.catalogue import Profile
from inference.engine.codecs import photo_codec
from inference.stages.photo_folder import PhotoFolder

MAX_SIDE = 2048  # pixels; as photos that are uploaded
MAX_PIXELS = 64_000_000


def photo_of(frame: bytes) -> tuple[bytes, Image.Image]:
    """The photo as a JPEG file, and as RGB. Raises Refused."""
    try:
        with Image.open(io.BytesIO(frame), formats=["JPEG", "PNG", "WEBP"]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Refused("bad_frame", f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels.")
            clean = photo_cleaning.clean(image, MAX_SIDE)
    except (*photo_cleaning.DAMAGE, Image.DecompressionBombError):
        raise Refused("bad_frame", "This is not a complete JPEG, PNG or WebP picture.") from None
    return photo_cleaning.to_jpeg(clean), clean


def keep(photos: PhotoFolder, photo: str, frame: bytes, profile: Profile) -> Kept:
    """Store a frame as this photo. Raises Refused."""
    data, image = photo_of(frame)
    photos.keep(photo, data)
    sizes = encoded_sizes(image, profile)
    return Kept(width=image.width, height=image.height, bytes=len(data), stayed=True, sizes=sizes)


def encoded_sizes(image: Image.Image, profile: Profile) -> dict[str, int]:
    """Exact bytes in every photo encoding placement may choose, by "codec:quality:side"."""
    sizes: dict[str, int] = {}
    for task in profile.tasks:
        for level in profile.photo_levels(task):
            key = f"{level.codec}:{level.quality}:{profile.image_size(task)}"
            if key not in sizes:
                sizes[key] = len(photo_codec.encode(image, level.codec, level.quality, profile.image_size(task)))
    return sizes
