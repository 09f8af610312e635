"""The parts of a JPEG file that make its picture. Everything else is left out, damaged or not: comments, previews, further
pictures, appended data.
"""

import re
from dataclasses import dataclass

MARKER = re.compile(rb"\xff+([^\x00\xff])")
SCAN_END = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")  # within a scan, stuffed bytes and restart markers belong to it
END = b"\xff\xd9"
MAX_SCANS = 500  # a crafted progressive file has thousands, each as slow as decoding the whole photo
FRAMES = (0xC0, 0xC1, PROGRESSIVE := 0xC2)
START_OF_SCAN, END_OF_IMAGE, TABLES = 0xDA, 0xD9, (0xC4, 0xCC, 0xDB, 0xDD)


class TooManyScans(Exception):
    pass


@dataclass(frozen=True)
class JpegFile:
    data: bytes  # ends with an end marker
    ended: bool  # the file had one
    progressive: bool
    covered: bool  # a scan began for every component to its last bit


def tidy(data: bytes) -> JpegFile:
    """Raises TooManyScans."""
    pieces, scans, at, components, ended, progressive = [b"\xff\xd8"], [], 2, 0, False, False
    while marker := MARKER.search(data, at):
        code, body = marker[1][0], marker.end()
        if code == END_OF_IMAGE:
            ended = True
            break
        if code == 0x01 or 0xD0 <= code <= 0xD8:  # markers without a body, where they mean nothing
            at = body
            continue
        end = body + int.from_bytes(data[body : body + 2], "big")
        segment = data[body + 2 : end]
        if code == START_OF_SCAN:
            scans.append(segment)
            if len(scans) > MAX_SCANS:
                raise TooManyScans
            following = SCAN_END.search(data, end)
            end = following.start() if following else len(data)
        elif code in FRAMES and len(segment) > 5:
            components, progressive = segment[5], code == PROGRESSIVE
        if code in (*FRAMES, *TABLES, START_OF_SCAN) or _is_needed(code, segment):
            pieces.append(b"\xff" + data[body - 1 : end])
        at = max(end, body + 2)
    return JpegFile(b"".join([*pieces, END]), ended, progressive, _is_covered(scans, components))


def _is_needed(code: int, segment: bytes) -> bool:
    """Whether the segment says how the pixels are to be read: orientation, colour profile, colour transform."""
    return (
        (code == 0xE0 and segment.startswith(b"JFIF"))
        or (code == 0xE1 and segment.startswith(b"Exif"))
        or (code == 0xE2 and segment.startswith(b"ICC_PROFILE"))
        or (code == 0xEE and segment.startswith(b"Adobe"))
        or 0xC3 <= code <= 0xCF  # lossless, arithmetic and others: for the decoder to refuse
    )


def _is_covered(scans: list[bytes], components: int) -> bool:
    """Whether the last bit of every coefficient of every component is in some scan that has begun."""
    last: dict[tuple[int, int], int] = {}
    for scan in scans:
        count = scan[0] if scan else 0
        if len(scan) < 4 + 2 * count:
            continue
        first, until, bits = scan[1 + 2 * count : 4 + 2 * count]
        for n in range(count):
            for coefficient in range(first, min(until, 63) + 1):
                last[scan[1 + 2 * n], coefficient] = bits & 15
    return components > 0 and len(last) == 64 * components and not any(last.values())
