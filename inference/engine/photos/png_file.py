"""The chunks of a PNG file that make its picture. The others are left out, damaged or not; what names its colours is read."""

import struct
import zlib
from dataclasses import dataclass

from inference.engine.photos.colour import MAX_PROFILE, SRGB_PRIMARIES, Chromaticities, Cicp, Gamma, Icc, Space

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))  # x, y, steps
MAX_EXIF = 65_536
PIECE = 1 << 20


@dataclass(frozen=True)
class PngFile:
    data: bytes
    ended: bool  # False: the file stops before its end
    animated: bool
    space: Space | None
    bad_profile: bool  # it names a colour profile that cannot be read


def tidy(data: bytes) -> PngFile:
    extras: dict[bytes, bytes] = {}
    pieces, at, ended = [SIGNATURE], len(SIGNATURE), False
    while at + 8 <= len(data) and not ended:
        length, name = struct.unpack(">I4s", data[at : at + 8])
        body, crc = data[at + 8 : at + 8 + length], data[at + 8 + length : at + 12 + length]
        is_whole = len(crc) == 4
        if name in CRITICAL:
            ended = name == b"IEND"
            # A chunk that the file's end cut gets a right checksum, so that the decoder reads what there is.
            pieces.append(data[at : at + 12 + length] if is_whole else _chunk(name, body))
        elif is_whole and int.from_bytes(crc, "big") == zlib.crc32(name + body):
            extras.setdefault(name, body)
            if name == b"tRNS" or (name == b"eXIf" and length <= MAX_EXIF):
                pieces.append(data[at : at + 12 + length])
        if not is_whole:
            break
        at += 12 + length
    if not ended:
        pieces.append(_chunk(b"IEND", b""))
    space = _space(extras)
    return PngFile(b"".join(pieces), ended, b"acTL" in extras, space, b"iCCP" in extras and space is None)


def has_all_rows(data: bytes) -> bool:
    """Whether the compressed rows of a tidied file are all there. The caller has checked its size."""
    needed, inflate, at = _row_bytes(data[16:29]), zlib.decompressobj(), len(SIGNATURE)
    try:
        while at + 8 <= len(data) and needed > 0:
            length, name = struct.unpack(">I4s", data[at : at + 8])
            waiting = data[at + 8 : at + 8 + length] if name == b"IDAT" else b""
            while waiting and needed > 0:
                needed -= len(inflate.decompress(waiting, PIECE))
                waiting = inflate.unconsumed_tail
            at += 12 + length
    except zlib.error:
        return False
    return needed <= 0


def _row_bytes(header: bytes) -> int:
    if len(header) < 13:
        return 1
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    bits = depth * CHANNELS.get(kind, 4)
    total = 0
    for left, top, across, down in PASSES if interlaced else ((0, 0, 1, 1),):
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        total += rows * (1 + -(-columns * bits // 8)) if columns > 0 and rows > 0 else 0
    return total


def _space(extras: dict[bytes, bytes]) -> Space | None:
    """What browsers honour, in their order."""
    coded = extras.get(b"cICP", b"")
    if len(coded) == 4:
        return Cicp(coded[0], coded[1])
    if b"iCCP" in extras:
        profile = _profile(extras[b"iCCP"])
        return Icc(profile) if profile else None
    gamma = extras.get(b"gAMA", b"")
    if b"sRGB" in extras or (len(gamma) != 4 and b"cHRM" not in extras):
        return None
    inverse = int.from_bytes(gamma, "big") / 100_000 if len(gamma) == 4 else 0.0
    exponent = 1 / inverse if 0.05 < inverse < 20 else None
    return Gamma(exponent, _chromaticities(extras.get(b"cHRM", b"")))


def _chromaticities(body: bytes) -> Chromaticities:
    if len(body) != 32:
        return SRGB_PRIMARIES
    a, b, c, d, e, f, g, h = (value / 100_000 for value in struct.unpack(">8I", body))
    return (a, b, c, d, e, f, g, h)


def _profile(body: bytes) -> bytes | None:
    name, _, rest = body.partition(b"\x00")
    try:
        profile = zlib.decompressobj().decompress(rest[1:], MAX_PROFILE + 1)
    except zlib.error:
        return None
    return profile if name and 0 < len(profile) <= MAX_PROFILE else None


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
