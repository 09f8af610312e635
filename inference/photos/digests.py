"""The digest by which an upload is recognised: of the stored file, which has nothing but pixels.

The same picture with other metadata, or under another name, gives the same file. Each person's photos are compared with
their own alone.
"""

import hashlib
import time
from pathlib import Path

from inference.models import ON_DEVICES, Photo

NONE = ""  # the server has no file of it


def of(file: Path) -> str:
    """SHA-256, in hexadecimal. Raises OSError."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def fill(seconds: float) -> int:
    """Compute digests that earlier versions did not store, for so long. Returns how many photos have one now."""
    until, count = time.monotonic() + seconds, 0
    unknown = Photo.objects.filter(digest=None)
    unknown.filter(source_format__in=ON_DEVICES).update(digest=NONE)
    for photo in unknown.order_by("created").iterator(chunk_size=100):
        if time.monotonic() > until:
            break
        try:
            digest = of(photo.path)
        except FileNotFoundError:
            digest = NONE
        count += Photo.objects.filter(pk=photo.pk, digest=None).update(digest=digest)
    return count
