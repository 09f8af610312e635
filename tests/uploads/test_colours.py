"""Whatever colour space a photo's file names, what is kept looks as it does in a browser."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from inference.engine.photos.colour import MAX_PROFILE, PRIMARIES, SRGB_PRIMARIES
from inference.engine.photos.heif_file import primary_colour
from inference.engine.photos.reader import CleanPhoto
from tests.uploads import profiles
from tests.uploads.conftest import cleaned, corners, decoded, draw, saved
from tests.uploads.profiles import ADOBE, icc, in_primaries

SOFT = (201, 75, 60)
TOLERANCE = 3  # of 255, of JPEG and of eight bits


def plain(colour: tuple[int, ...], mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (64, 48), colour)


def shown(clean: CleanPhoto) -> tuple[int, int, int]:
    pixel = np.asarray(decoded(clean).convert("RGB"))[20, 20]
    return int(pixel[0]), int(pixel[1]), int(pixel[2])


def close(clean: CleanPhoto, expected: tuple[int, ...] = SOFT, tolerance: int = TOLERANCE) -> bool:
    return max(abs(a - b) for a, b in zip(shown(clean), expected, strict=True)) <= tolerance


def coded_heic(colour: tuple[int, ...], primaries: int, transfer: int) -> bytes:
    out = io.BytesIO()
    pillow_heif.from_pillow(plain(colour)).save(
        out, quality=95, chroma=444, color_primaries=primaries, transfer_characteristics=transfer, matrix_coefficients=6,
        full_range_flag=1,
    )  # fmt: skip
    return out.getvalue()


def png_with(data: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    more = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )
    return data[:33] + more + data[33:]


def adobe(colour: tuple[int, int, int]) -> tuple[int, ...]:
    return profiles.encoded(in_primaries(colour, ADOBE) ** (1 / 2.19921875))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_adobe_rgb_does_not_come_out_dull(kind: str) -> None:
    data = saved(plain(adobe(SOFT)), kind, icc_profile=icc(ADOBE, 2.19921875), **({} if kind == "TIFF" else {"quality": 95}))
    clean = cleaned(data)
    assert not close(cleaned(saved(plain(adobe(SOFT)), kind)), tolerance=10), "the sample must need its profile"
    assert close(clean) and clean.notes == ("one_colour",)


def test_a_linear_profile_is_applied() -> None:
    linear = profiles.encoded(profiles.light(SOFT))
    assert close(cleaned(saved(plain(linear), "PNG", icc_profile=icc(gamma=1.0))))


def test_a_profile_that_swaps_the_channels_is_applied() -> None:
    swapped = Image.merge("RGB", [draw().split()[n] for n in (1, 2, 0)])
    data = saved(swapped, "JPEG", quality=95, subsampling=0, icc_profile=icc(order=(1, 2, 0)))
    assert corners(decoded(cleaned(data))) == "rgbw"


def test_a_heic_with_a_display_p3_profile_is_converted() -> None:
    data = saved(plain(profiles.p3(SOFT)), "HEIC", chroma=444, icc_profile=icc(PRIMARIES[12], 2.2))
    assert close(cleaned(data), tolerance=4)


@pytest.mark.parametrize(
    ("encode", "primaries", "transfer", "notes"),
    [(profiles.p3, 12, 13, ()), (profiles.pq, 9, 16, ("tone_mapped",)), (profiles.hlg, 9, 18, ("tone_mapped",))],
)
def test_a_coded_colour_space_of_a_heic_is_converted(
    encode: Callable[[Any], tuple[int, ...]], primaries: int, transfer: int, notes: tuple[str, ...]
) -> None:
    clean = cleaned(coded_heic(encode(SOFT), primaries, transfer))
    assert close(clean, tolerance=8 if transfer == 16 else 4)  # eight bits of PQ are coarse
    assert clean.notes == (*notes, "one_colour")


def test_lights_brighter_than_white_keep_their_hue() -> None:
    bright = tuple(round(255 * value) for value in (0.75, 0.70, 0.60))  # PQ: about 1000, 600 and 240 nits
    red, green, blue = shown(cleaned(coded_heic(bright, 9, 16)))
    assert red > 240 and red > green > blue


def test_the_coded_colour_space_of_an_avif_is_found() -> None:
    """Pillow does not show it; this one says BT.2020 and PQ."""
    data = saved(plain(profiles.pq(SOFT)), "AVIF", quality=95, subsampling="4:4:4")
    assert data.count(b"colrnclx") == 1
    at = data.index(b"colrnclx") + 8
    coded = data[:at] + struct.pack(">HH", 9, 16) + data[at + 4 :]
    colour = primary_colour(coded)
    assert colour is not None and (colour.primaries, colour.transfer) == (9, 16)
    assert close(cleaned(coded), tolerance=6) and "tone_mapped" in cleaned(coded).notes


def test_a_gamma_and_primaries_of_a_png_are_applied() -> None:
    linear = profiles.encoded(profiles.light(SOFT))
    assert close(cleaned(png_with(saved(plain(linear), "PNG"), (b"gAMA", struct.pack(">I", 100_000)))))
    chromaticities = struct.pack(">8I", *(round(value * 100_000) for value in ADOBE))
    wide = png_with(saved(plain(adobe(SOFT)), "PNG"), (b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", chromaticities))
    assert close(cleaned(wide))


def test_a_coded_colour_space_of_a_png_is_applied() -> None:
    assert close(cleaned(png_with(saved(plain(profiles.p3(SOFT)), "PNG"), (b"cICP", bytes([12, 13, 0, 1])))))


@pytest.mark.parametrize("chunks", [
    [(b"gAMA", struct.pack(">I", 0))],
    [(b"gAMA", struct.pack(">I", 45_455)), (b"cHRM", bytes(32))],
    [(b"gAMA", b"\0"), (b"cHRM", b"short")],
    [(b"cICP", bytes([255, 255, 255, 255]))],
    [(b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))],
])  # fmt: skip
def test_a_colour_space_that_makes_no_sense_changes_nothing(chunks: list[tuple[bytes, bytes]]) -> None:
    assert close(cleaned(png_with(saved(plain(SOFT), "PNG"), *chunks)))


def test_transparency_and_a_profile_go_together() -> None:
    image = plain((*adobe(SOFT), 255), "RGBA")
    image.paste((0, 0, 0, 0), (32, 0, 64, 48))
    clean = cleaned(saved(image, "PNG", icc_profile=icc(ADOBE, 2.19921875)))
    assert close(clean) and decoded(clean).getpixel((50, 20)) == (255, 255, 255)


def test_a_grey_photo_keeps_its_shade_under_a_profile_of_colours() -> None:
    assert close(cleaned(saved(plain((128,), "L"), "PNG", icc_profile=icc(SRGB_PRIMARIES, 2.2))), (128, 128, 128))


def test_a_profile_of_srgb_leaves_a_photo_as_it_is() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert cleaned(saved(draw(), "PNG", icc_profile=profile)).data == cleaned(saved(draw(), "PNG")).data


@pytest.mark.parametrize("profile", [
    b"no profile at all" * 20,
    icc()[:200],
    icc()[:140] + b"\xff" * 300,
    ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
], ids=["text", "cut", "damaged", "of another space"])  # fmt: skip
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_broken_profile_is_ignored_and_said(kind: str, profile: bytes) -> None:
    clean = cleaned(saved(plain(SOFT), kind, icc_profile=profile))
    assert close(clean) and clean.notes == ("bad_profile", "one_colour")


def test_a_profile_that_is_too_large_is_ignored_and_said() -> None:
    body = b"icc\0\0" + zlib.compress(icc() + bytes(MAX_PROFILE))
    clean = cleaned(png_with(saved(plain(SOFT), "PNG"), (b"iCCP", body)))
    assert close(clean) and clean.notes == ("bad_profile", "one_colour")


def test_a_cmyk_photo_keeps_its_colours_with_and_without_adobes_marker() -> None:
    data = saved(draw("CMYK"), "JPEG", quality=95)
    at = data.index(b"\xff\xee")
    bare = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    assert b"Adobe" in data and b"Adobe" not in bare
    assert [corners(decoded(cleaned(file))) for file in (data, bare)] == ["rgbw", "rgbw"]
