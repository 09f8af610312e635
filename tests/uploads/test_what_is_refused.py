"""What is not a photo, or too large: one sentence, a next step, and no wasted work."""

import struct
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from inference.engine.photos.formats import ACCEPTED
from inference.engine.photos.refusal import PhotoRefused
from inference.photos.intake import spool
from tests.uploads.conftest import cleaned, draw, saved

MB = 1024 * 1024


def _refusal(data: bytes, **limits: int) -> PhotoRefused:
    with pytest.raises(PhotoRefused) as refused:
        cleaned(data, **limits)
    refusal = refused.value
    for sentence in (refusal.message, refusal.next):
        assert sentence.endswith(".") and sentence[:-1].count(". ") == 0 and sentence[0].isupper() and len(sentence) < 120
    return refusal


@pytest.mark.parametrize(
    "data",
    [
        b"hello, this is text",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><img src=x>",
        saved(draw(), "PPM"),
        saved(draw(), "ICO"),
        saved(draw(), "TGA"),
        saved(draw(), "JPEG2000"),
        b"BM is how this text begins, and it is no picture",
        b"%PDF-1.7",
        b"\x00" * 100,
        b"\xff",
        b"PK\x03\x04",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"\x00\x00\x00\x18ftypmp42",
    ],
)
def test_another_format_is_refused_by_name(data: bytes) -> None:
    refusal = _refusal(data)
    assert refusal.code == "photo_unknown_format" and refusal.message == f"This is not a {ACCEPTED} photo."


def test_an_empty_upload_has_its_own_sentence() -> None:
    assert _refusal(b"").code == "photo_empty"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC"])
@pytest.mark.parametrize("share", [0.02, 0.34, 0.9])
def test_a_truncated_photo_is_refused(kind: str, share: float) -> None:
    """Even where Pillow's verify() accepts it."""
    data = saved(Image.effect_noise((300, 200), 80).convert("RGB"), kind)
    assert _refusal(data[: int(len(data) * share)]).code == "photo_damaged"


@pytest.mark.parametrize(
    "start", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x10\x00\x00\x00WEBP", b"\x00\x00\x00\x18ftypheic"]
)
def test_a_valid_signature_alone_is_damaged(start: bytes) -> None:
    assert _refusal(start + b"no photo at all" * 9).code == "photo_damaged"


def _bomb(width: int, height: int) -> bytes:
    """A valid PNG of one colour: a few kilobytes that decode to `width * height` pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packed = zlib.compressobj(9)
    rows = b"".join(packed.compress(bytes(1 + width // 8 + 1)) for _ in range(height)) + packed.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [13_000, 60_000])
def test_a_decompression_bomb_is_refused_by_its_header(side: int) -> None:
    data = (
        _bomb(13_000, 13_000) if side == 13_000 else _bomb(side, 9)[:16] + struct.pack(">II", side, side) + _bomb(side, 9)[24:]
    )
    assert len(data) < 32 * 1024
    tracemalloc.start()
    started = time.process_time()
    code = _refusal(data, max_pixels=50_000_000).code
    spent, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert code == "photo_too_many_pixels" or side == 60_000  # its header's checksum is wrong as well
    assert spent < 0.5 and peak < 2 * MB, (spent, peak)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "HEIC"])
def test_the_pixel_limit_holds_for_every_format(kind: str) -> None:
    refusal = _refusal(saved(draw("RGB", (120, 100)), kind), max_pixels=11_999)
    assert (refusal.code, refusal.message) == ("photo_too_many_pixels", "The photo has more than 11999 pixels.")
    assert cleaned(saved(draw("RGB", (120, 100)), kind), max_pixels=12_000).width == 120


def test_a_huge_canvas_of_webp_takes_no_memory() -> None:
    """The decoder allocates its canvas when it opens a file, before its size can be checked."""
    resource = pytest.importorskip("resource", reason="only POSIX tells how much memory was used")
    body = saved(draw(), "WEBP", lossless=True)[12:]
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + (16382).to_bytes(3, "little") * 2
    anim = b"ANIM" + struct.pack("<I", 6) + bytes(6)
    frame = bytes(6) + (95).to_bytes(3, "little") + (63).to_bytes(3, "little") + bytes(4) + body
    chunks = b"WEBP" + canvas + anim + b"ANMF" + struct.pack("<I", len(frame)) + frame
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert _refusal(b"RIFF" + struct.pack("<I", len(chunks)) + chunks, max_pixels=50_000_000).code == "photo_too_many_pixels"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_at_most_one_chunk_is_read_beyond_the_limit(tmp_path: Path) -> None:
    read: list[int] = []

    def chunks() -> Iterator[bytes]:
        for number in range(1000):
            read.append(number)
            yield bytes(64 * 1024)

    with pytest.raises(PhotoRefused) as refused:
        spool(chunks(), tmp_path / "upload", MB)
    assert refused.value.code == "photo_too_large" and refused.value.message == "The photo is larger than 1 MB."
    assert len(read) == 17


def test_exactly_the_limit_is_allowed(tmp_path: Path) -> None:
    assert spool([b"12345"], tmp_path / "fits", 5) == 5
    with pytest.raises(PhotoRefused):
        spool([b"12345"], tmp_path / "too large", 4)


def test_a_compressed_text_chunk_does_not_blow_up() -> None:
    text = zlib.compress(bytes(60 * MB))
    body = b"Comment\x00\x00" + text
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    photo = saved(draw(), "PNG")
    tracemalloc.start()
    cleaned(photo[:33] + chunk + photo[33:])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * MB


def test_a_large_transparent_photo_is_copied_at_most_once() -> None:
    """It is allowed, but must not take a gigabyte: 200 KB of PNG can be 50 megapixels."""
    import subprocess
    import sys

    script = (
        "import resource, sys\nfrom inference.engine.photos.reader import Limits, read\n"
        "used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\nbefore = used()\n"
        "read(sys.stdin.buffer.read(), Limits(50_000_000, 2048))\nprint(used() - before)"
    )
    data = saved(Image.new("RGBA", (4000, 4000), (1, 2, 3, 100)), "PNG")
    done = subprocess.run([sys.executable, "-c", script], input=data, capture_output=True, check=True)
    assert int(done.stdout) / 1024 < 2.9 * 64, done.stdout  # 64 MB is the photo itself
