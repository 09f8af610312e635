"""Files that every viewer shows whole are taken, whatever is wrong with the parts that make no picture."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from inference.engine.photos.formats import FORMATS, accept, brands, sniff
from inference.engine.photos.jpeg_file import MAX_SCANS
from inference.engine.photos.reader import CleanPhoto
from inference.engine.photos.refusal import PhotoRefused
from tests.uploads.conftest import cleaned, corners, decoded, draw, saved

BIG = (480, 360)


def shades(size: tuple[int, int] = BIG) -> Image.Image:
    """Something in every row, that a cut would be seen in."""
    noise = np.random.default_rng(3).integers(0, 256, (size[1] // 12, size[0] // 12, 3), np.uint8)
    return Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)


def refusal(data: bytes) -> str:
    with pytest.raises(PhotoRefused) as refused:
        cleaned(data)
    return refused.value.code


def alike(clean: CleanPhoto, image: Image.Image, rows: int | None = None) -> bool:
    """Whether the upper rows are those of the picture."""
    ours, theirs = (np.asarray(picture.convert("RGB"), int)[:rows] for picture in (decoded(clean), image))
    return ours.shape == theirs.shape and float(np.abs(ours - theirs).mean()) < 4


def chunk(name: bytes, body: bytes, crc: int | None = None) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) if crc is None else crc)


def with_chunk(data: bytes, *chunks: bytes) -> bytes:
    """A PNG with more chunks after its header."""
    return data[:33] + b"".join(chunks) + data[33:]


# -- JPEG --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_its_end_marker_is_whole(progressive: bool) -> None:
    data = saved(shades(), "JPEG", quality=90, progressive=progressive)
    clean = cleaned(data[:-2])
    assert alike(clean, shades()) and clean.notes == ()
    assert clean.data == cleaned(data).data


@pytest.mark.parametrize("options", [{}, {"restart_marker_rows": 1}, {"subsampling": 0}])
def test_a_jpeg_whose_last_bytes_are_missing_is_taken_and_says_so(options: dict[str, int]) -> None:
    data = saved(shades(), "JPEG", quality=90, **options)
    clean = cleaned(data[:-40])
    assert clean.notes == ("rows_missing",) and alike(clean, shades(), BIG[1] - 16)


@pytest.mark.parametrize(("progressive", "share"), [(False, 0.5), (False, 0.85), (True, 0.3), (True, 0.6)])
def test_half_a_jpeg_is_still_refused(progressive: bool, share: float) -> None:
    data = saved(shades(), "JPEG", quality=90, progressive=progressive)
    assert refusal(data[: int(len(data) * share)]) == "photo_damaged"


def test_a_progressive_jpeg_that_lacks_only_its_last_sharpening_is_whole() -> None:
    data = saved(shades(), "JPEG", quality=90, progressive=True)
    assert alike(cleaned(data[: int(len(data) * 0.9)]), shades())


def test_a_dark_end_of_a_jpeg_is_not_taken_for_missing_rows() -> None:
    image = shades()
    image.paste("black", (0, 200, *BIG))
    assert cleaned(saved(image, "JPEG", quality=90)[:-2]).notes == ()


def test_what_a_jpeg_holds_beside_its_picture_is_ignored() -> None:
    data = saved(draw(), "JPEG")
    parts = b"".join(b"\xff" + bytes([code]) + struct.pack(">H", 60_002) + bytes(60_000) for code in (0xE1, 0xE5, 0xED, 0xFE))
    assert cleaned(data[:2] + parts + data[2:]).data == cleaned(data).data
    assert corners(decoded(cleaned(data[:2] + b"\xff\xe2\x00\x08MPF\0xx" + data[2:]))) == "rgbw"


def test_of_several_pictures_in_a_jpeg_the_first_is_taken_even_if_the_next_is_cut() -> None:
    """A gain map of an HDR photo, the second view of a stereo camera."""
    out = io.BytesIO()
    draw().save(out, "MPO", save_all=True, append_images=[Image.new("RGB", (96, 64), "blue")])
    data = out.getvalue()
    assert data.count(b"\xff\xd8\xff") == 2
    for file in (data, data[:-200]):
        assert corners(decoded(cleaned(file))) == "rgbw"


def test_a_jpeg_of_a_thousand_scans_is_refused_before_it_is_decoded() -> None:
    data = saved(draw("RGB", (320, 240)), "JPEG", progressive=True)
    at = data.rindex(b"\xff\xda")
    assert refusal(data[:at] + data[at:-2] * (MAX_SCANS + 1)) == "photo_damaged"


# -- PNG ---------------------------------------------------------------------------------------------------------------


def test_a_png_with_more_than_a_megabyte_of_text_is_taken() -> None:
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(2_000_000)))
    assert corners(decoded(cleaned(with_chunk(saved(draw(), "PNG"), text)))) == "rgbw"


@pytest.mark.parametrize(("name", "body"), [
    (b"pHYs", struct.pack(">IIB", 2835, 2835, 1)), (b"tEXt", b"a\0b"), (b"iTXt", b"x"), (b"gAMA", struct.pack(">I", 100_000)),
    (b"tRNS", bytes(6)), (b"eXIf", b"II*\0"), (b"tIME", bytes(7)), (b"iCCP", b"x\0\0damaged"), (b"sBIT", b""),
    (b"abCd", b"private"),
])  # fmt: skip
def test_a_wrong_checksum_of_an_ancillary_chunk_is_ignored(name: bytes, body: bytes) -> None:
    clean = cleaned(with_chunk(saved(draw(), "PNG"), chunk(name, body, crc=0xBAD)))
    assert corners(decoded(clean)) == "rgbw" and clean.notes == ()


def test_a_wrong_checksum_of_the_picture_itself_is_refused() -> None:
    data = bytearray(saved(shades(), "PNG"))
    data[len(data) // 2] ^= 0xFF
    assert refusal(bytes(data)) == "photo_damaged"


@pytest.mark.parametrize("cut", [1, 4, 8, 12, 14])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1"])
def test_a_png_without_its_end_is_whole(mode: str, cut: int) -> None:
    data = saved(shades().convert(mode), "PNG")
    assert cleaned(data[:-cut]).data == cleaned(data).data


def test_half_a_png_is_still_refused() -> None:
    data = saved(shades(), "PNG")
    assert {refusal(data[: int(len(data) * share)]) for share in (0.3, 0.6, 0.95)} == {"photo_damaged"}


# -- WebP --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("extra", [b"XMP " + struct.pack("<I", 900) + b"cut short", b"EXIF" + struct.pack("<I", 0) + b"",
                                   b"JUNK" + struct.pack("<I", 4) + b"abcd", b"EXIF\xff\xff\xff\x7f"])  # fmt: skip
def test_damaged_metadata_of_a_webp_is_ignored(extra: bytes) -> None:
    data = saved(draw("RGBA"), "WEBP", exif=Image.Exif().tobytes(), lossless=True)
    assert b"VP8X" in data
    assert corners(decoded(cleaned(data + extra))) == "rgbw"
    assert corners(decoded(cleaned(saved(draw(), "WEBP") + extra))) == "rgbw"


def test_an_animated_webp_needs_its_first_frame_alone() -> None:
    frames = [Image.new("RGB", (96, 64), colour) for colour in ("black", "blue", "green")]
    data = saved(draw(), "WEBP", save_all=True, append_images=frames, duration=100, lossless=True)
    assert [corners(decoded(cleaned(file))) for file in (data, data[:-30])] == ["rgbw", "rgbw"]
    assert cleaned(data).notes == ("first_only",)


# -- HEIF, AVIF --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("major", [b"heic", b"mif1", b"mif2", b"miaf", b"MiHB", b"hevs", b"hevm", b"zzzz"])
def test_a_heic_is_known_by_its_compatible_brands_too(major: bytes) -> None:
    data = saved(draw(), "HEIC")
    assert b"heic" in brands(data)
    clean = cleaned(data[:8] + major + data[12:])
    assert clean.source_format == "HEIC" and corners(decoded(clean)) == "rgbw"


@pytest.mark.parametrize("major", [b"avif", b"avis", b"mif1", b"miaf", b"MA1A"])
def test_an_avif_is_known_by_its_compatible_brands_too(major: bytes) -> None:
    data = saved(draw(), "AVIF")
    assert sniff(data[:8] + major + data[12:]).name == "AVIF"  # type: ignore[union-attr]
    assert corners(decoded(cleaned(data))) == "rgbw"


def test_an_orientation_that_a_heif_only_mentions_in_its_exif_is_not_applied() -> None:
    """HEIF has an orientation of its own; EXIF's is for information."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(draw(), "HEIC", exif=exif.tobytes())
    assert corners(decoded(cleaned(data.replace(b"irot", b"free")))) == "rgbw"


def test_a_heic_with_many_thumbnails_is_taken() -> None:
    data = saved(draw("RGB", (640, 480)), "HEIC", thumbnails=[64 + n for n in range(40)])
    assert corners(decoded(cleaned(data))) == "rgbw"


# -- the other formats -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["GIF", "TIFF"])
def test_of_several_pages_or_frames_the_first_is_taken_and_said(kind: str) -> None:
    more = [Image.new("RGB", (96, 64), colour) for colour in ("black", "blue")]
    clean = cleaned(saved(draw(), kind, save_all=True, append_images=more))
    assert corners(decoded(clean)) == "rgbw" and clean.notes == ("first_only",)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_deflate", "jpeg", "packbits"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "CMYK", "I;16", "F"])
def test_tiffs_of_many_kinds_become_photos(mode: str, compression: str) -> None:
    if compression == "jpeg" and mode in ("RGBA", "I;16", "F"):
        pytest.skip("TIFF has no JPEG compression of this mode")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(draw("L"), np.uint16) * 257)
    elif mode == "F":
        image = Image.fromarray(np.asarray(draw("L"), np.float32) / 255)
    else:
        image = draw(mode)
    shade = np.asarray(decoded(cleaned(saved(image, "TIFF", compression=compression))).convert("L"), int)
    assert np.abs(shade - np.asarray(draw("L"), int)).mean() < 8


@pytest.mark.parametrize("kind", ["TIFF", "GIF", "BMP", "AVIF"])
def test_the_pixel_limit_holds_before_anything_is_decoded(kind: str) -> None:
    data = saved(Image.new("L", (4000, 4000)), kind, **({"compression": "tiff_deflate"} if kind == "TIFF" else {}))
    with pytest.raises(PhotoRefused) as refused:
        cleaned(data, max_pixels=1_000_000)
    assert refused.value.code == "photo_too_many_pixels"


def test_the_file_chooser_offers_every_format() -> None:
    offered = accept().split(",")
    assert all(kind in offered for format in FORMATS for kind in (*format.types, *format.suffixes))
