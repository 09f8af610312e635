"""The boxes of HEIC and AVIF files that Pillow does not show: brands, and the colour of the primary picture."""

from collections.abc import Iterator

from inference.engine.photos.colour import Cicp

MAX_BRANDS = 4096  # bytes of a file's first box
MAX_BOXES = 2000


def brands(data: bytes) -> frozenset[bytes]:
    """The major brand and the compatible ones; empty for other files."""
    if data[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(data[:4], "big"), len(data), MAX_BRANDS)
    return frozenset({data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))})


def primary_colour(data: bytes) -> Cicp | None:
    """The coded colour space (nclx) of the primary picture; None where there is none or the boxes are damaged."""
    try:
        return _primary_colour(data)
    except (IndexError, ValueError):
        return None


def _primary_colour(data: bytes) -> Cicp | None:
    meta = _find(data, b"meta")
    if meta is None:
        return None
    inside = meta[4:]  # a full box: version and flags come first
    primary, properties = _find(inside, b"pitm"), _find(inside, b"iprp")
    container = _find(properties, b"ipco") if properties else None
    links = _find(properties, b"ipma") if properties else None
    if primary is None or container is None or links is None:
        return None
    item = int.from_bytes(primary[4:8] if primary[0] else primary[4:6], "big")
    boxes = list(_boxes(container))
    for index in _links(links, item):
        name, body = boxes[index - 1] if 0 < index <= len(boxes) else (b"", b"")
        if name == b"colr" and body[:4] == b"nclx":
            return Cicp(int.from_bytes(body[4:6], "big"), int.from_bytes(body[6:8], "big"))
    return None


def _links(box: bytes, item: int) -> list[int]:
    """Which properties belong to an item, by their place in the container, from 1."""
    is_long_id, is_long_index = box[0] > 0, box[3] & 1
    at = 8
    for _ in range(min(int.from_bytes(box[4:8], "big"), MAX_BOXES)):
        width = 4 if is_long_id else 2
        number, count = int.from_bytes(box[at : at + width], "big"), box[at + width]
        at += width + 1
        size = 2 if is_long_index else 1
        mask = 0x7FFF if is_long_index else 0x7F  # the first bit says whether a reader must understand the property
        if number == item:
            return [int.from_bytes(box[at + n * size : at + (n + 1) * size], "big") & mask for n in range(count)]
        at += count * size
    return []


def _find(data: bytes, name: bytes) -> bytes | None:
    return next((body for kind, body in _boxes(data) if kind == name), None)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    for _ in range(MAX_BOXES):
        if at + 8 > len(data):
            return
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        end = len(data) if size == 0 else at + size
        if end < at + head:
            return
        yield data[at + 4 : at + 8], data[at + head : end]
        at = end
