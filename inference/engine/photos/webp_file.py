"""The chunks of a WebP file that make its first picture. The others are left out, damaged or not."""

import struct
from dataclasses import dataclass

from inference.engine.photos.colour import MAX_PROFILE

MAX_EXIF = 65_536
HAS_PROFILE, HAS_EXIF, HAS_XMP, HAS_ANIMATION = 0x20, 0x08, 0x04, 0x02


@dataclass(frozen=True)
class WebpFile:
    data: bytes
    animated: bool
    bad_profile: bool


def tidy(data: bytes) -> WebpFile:
    """As it is where the picture itself is not whole: the decoder then refuses it."""
    chunks: dict[bytes, bytes] = {}
    frames, bad_profile, at = 0, False, 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        body = data[at + 8 : at + 8 + size]
        is_whole = len(body) == size
        frames += name == b"ANMF"
        if not is_whole and name not in chunks and name in (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANMF"):
            return WebpFile(data, False, False)
        if name == b"ICCP" and (not is_whole or size > MAX_PROFILE):
            bad_profile = True
        elif is_whole and not (name == b"EXIF" and size > MAX_EXIF):
            chunks.setdefault(name, body)
        at += 8 + size + (size & 1)
    order = [b"VP8X", b"ICCP", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L", b"EXIF"]
    if b"VP8X" in chunks and len(chunks[b"VP8X"]) >= 10:
        animated = b"ANMF" in chunks
        chunks = {name: body for name, body in chunks.items() if not animated or name not in (b"ALPH", b"VP8 ", b"VP8L")}
        flags = chunks[b"VP8X"][0] & ~(HAS_PROFILE | HAS_EXIF | HAS_XMP | HAS_ANIMATION)
        flags |= HAS_PROFILE * (b"ICCP" in chunks) | HAS_EXIF * (b"EXIF" in chunks) | HAS_ANIMATION * animated
        chunks[b"VP8X"] = bytes([flags]) + chunks[b"VP8X"][1:10]
    else:
        order = [b"VP8 ", b"VP8L"]
    body = b"WEBP" + b"".join(_chunk(name, chunks[name]) for name in order if name in chunks)
    return WebpFile(b"RIFF" + struct.pack("<I", len(body)) + body, frames > 1, bad_profile)


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) & 1)
