"""The formats of photos that are accepted: one closed list, for decoding, sentences, the file chooser and the API."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from PIL import features

from inference.engine.photos.heif_file import brands

HEIF = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1", b"miaf",
     b"MiHB", b"MiHA", b"MiHE"}
)  # fmt: skip
AVIF = frozenset({b"avif", b"avis", b"MA1A", b"MA1B"})
BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})  # bytes; "BM" alone begins many a text
TIFF_STARTS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")


@dataclass(frozen=True)
class PhotoFormat:
    name: str  # as photos store it
    label: str  # as people write it
    types: tuple[str, ...]
    suffixes: tuple[str, ...]
    matches: Callable[[bytes], bool]  # by the first bytes; the file's name and declared type are ignored
    is_readable: Callable[[], bool] = lambda: True  # on this machine


def _is_bmp(data: bytes) -> bool:
    return data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in BMP_HEADERS


FORMATS = (
    PhotoFormat("JPEG", "JPEG", ("image/jpeg",), (".jpg", ".jpeg"), lambda data: data[:3] == b"\xff\xd8\xff"),
    PhotoFormat("PNG", "PNG", ("image/png",), (".png",), lambda data: data[:8] == b"\x89PNG\r\n\x1a\n"),
    PhotoFormat("WEBP", "WebP", ("image/webp",), (".webp",), lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP"),
    PhotoFormat("AVIF", "AVIF", ("image/avif",), (".avif",), lambda data: bool(brands(data) & AVIF),
                lambda: bool(features.check("avif"))),
    PhotoFormat("HEIC", "HEIC", ("image/heic", "image/heif"), (".heic", ".heif"), lambda data: bool(brands(data) & HEIF),
                lambda: find_spec("pillow_heif") is not None),
    PhotoFormat("GIF", "GIF", ("image/gif",), (".gif",), lambda data: data[:6] in (b"GIF87a", b"GIF89a")),
    PhotoFormat("BMP", "BMP", ("image/bmp",), (".bmp",), _is_bmp),
    PhotoFormat("TIFF", "TIFF", ("image/tiff",), (".tif", ".tiff"), lambda data: data[:4] in TIFF_STARTS),
)  # fmt: skip


def sniff(data: bytes) -> PhotoFormat | None:
    return next((format for format in FORMATS if format.matches(data)), None)


def labels(formats: tuple[PhotoFormat, ...] = FORMATS) -> str:
    """For sentences: "JPEG, PNG or WebP"."""
    *others, last = [format.label for format in formats]
    return f"{', '.join(others)} or {last}"


def readable() -> tuple[PhotoFormat, ...]:
    """Those that the libraries of this machine can decode."""
    return tuple(format for format in FORMATS if format.is_readable())


def suffixes() -> frozenset[str]:
    return frozenset(suffix for format in FORMATS for suffix in format.suffixes)


def accept() -> str:
    """The `accept` attribute of a file chooser. Some systems know a format by its suffix only."""
    return ",".join([*(kind for format in FORMATS for kind in format.types), *sorted(suffixes())])


ACCEPTED = labels()
