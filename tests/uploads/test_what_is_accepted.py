"""Photos as phones and programs write them: each becomes one upright, clean JPEG that looks the same."""

import io

import numpy as np
import pytest
from PIL import Image

from inference.photos.intake import receive
from tests.uploads.conftest import LIMITS, cleaned, corners, draw, saved, seen

KINDS = ["JPEG", "PNG", "WEBP", "HEIC"]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_becomes_a_jpeg_that_looks_the_same(kind: str) -> None:
    data = saved(draw(), kind)
    clean = cleaned(data)
    assert (clean.source_format, clean.source_bytes, clean.width, clean.height) == (kind, len(data), 96, 64)
    image = seen(clean)
    assert image.format == "JPEG" and image.mode == "RGB" and image.size == (96, 64) and corners(image) == "rgbw"


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [(1, "rgbw"), (2, "grwb"), (3, "wbgr"), (4, "bwrg"), (5, "rbgw"), (6, "brwg"), (7, "wgbr"), (8, "gwrb")],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_is_applied(orientation: int, expected: str, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    clean = cleaned(saved(draw(), kind, exif=exif.tobytes()))
    assert corners(seen(clean)) == expected
    assert (clean.width, clean.height) == ((64, 96) if orientation >= 5 else (96, 64))


def test_a_turned_heic_is_turned_once() -> None:
    """libheif turns the photo itself; turning it again by its EXIF tag would lay it on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6
    clean = cleaned(saved(draw(), "HEIC", exif=exif.tobytes()))
    assert (clean.width, clean.height, corners(seen(clean))) == (64, 96, "brwg")


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_ignored(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert corners(seen(cleaned(saved(draw(), "JPEG", exif=exif.tobytes())))) == "rgbw"


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\x00\x00",
        b"Exif\x00\x00II*\x00\xff\xff\xff\xff",
        b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff" + b"\x01" * 40,
        b"junk",
    ],
)
def test_broken_exif_does_not_make_a_photo_bad(exif: bytes) -> None:
    """What is thrown away anyway need not be well formed."""
    assert corners(seen(cleaned(saved(draw(), "JPEG", exif=exif)))) == "rgbw"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_pixels_remains(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 29: "2026:01:02"})
    data = saved(draw(), kind, exif=exif.tobytes())
    assert b"SecretCamera" in data
    clean = cleaned(data)
    back = seen(clean)
    assert b"SecretCamera" not in clean.data and b"Exif" not in clean.data and b"http" not in clean.data
    assert not dict(back.getexif()) and set(back.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_comment_and_a_profile_are_dropped_too() -> None:
    clean = cleaned(saved(draw(), "JPEG", comment=b"SecretComment", icc_profile=b"SecretProfile" * 40))
    assert b"Secret" not in clean.data


def test_html_glued_on_is_gone() -> None:
    clean = cleaned(saved(draw(), "JPEG") + b"<script>alert(1)</script>")
    assert b"script" not in clean.data and corners(seen(clean)) == "rgbw"


def test_a_file_that_is_also_an_archive_comes_out_as_a_photo_alone() -> None:
    import zipfile

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("run.js", "alert(1)")
    both = saved(draw(), "PNG") + archive.getvalue()
    assert zipfile.is_zipfile(io.BytesIO(both))
    clean = cleaned(both)
    assert not zipfile.is_zipfile(io.BytesIO(clean.data)) and b"run.js" not in clean.data


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA"])
def test_every_png_mode_becomes_rgb(mode: str) -> None:
    assert seen(cleaned(saved(draw(mode), "PNG"))).mode == "RGB"


def test_a_print_shops_jpeg_keeps_its_colours() -> None:
    assert corners(seen(cleaned(saved(draw("CMYK"), "JPEG")))) == "rgbw"


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIC"])
def test_what_is_transparent_becomes_white(kind: str) -> None:
    image = Image.new("RGBA", (64, 64), (10, 10, 10, 0))
    image.paste((10, 10, 10, 255), (0, 0, 32, 64))
    back = np.asarray(seen(cleaned(saved(image, kind))), int)
    assert back[:, :24].max() < 40 and back[:, 40:].min() > 235


def test_a_transparent_colour_of_a_palette_becomes_white() -> None:
    image = Image.new("P", (32, 32), 1)
    image.putpalette([255, 0, 0, 0, 0, 0])
    assert np.asarray(seen(cleaned(saved(image, "PNG", transparency=1)))).min() > 250


def test_sixteen_bits_of_grey_keep_their_shades() -> None:
    """Pillow's own conversion turns everything above 255 to white."""
    deep = np.linspace(0, 65535, 64).astype(np.uint16)[None].repeat(64, 0)
    data = saved(Image.fromarray(deep), "PNG")
    back = np.asarray(seen(cleaned(data)).convert("L"), int)
    assert back[32, 1] < 12 and abs(back[32, 32] - 128) < 8 and back[32, 62] > 245


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_picture_is_kept(kind: str) -> None:
    frames = [draw(), Image.new("RGB", (96, 64), "black"), Image.new("RGB", (96, 64), "blue")]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    clean = cleaned(data)
    assert corners(seen(clean)) == "rgbw" and seen(clean).format == "JPEG"


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1, 1), (1, 1)), ((4000, 100), (512, 13)), ((3, 3000), (1, 512)), ((512, 512), (512, 512)), ((1024, 513), (512, 256))],
)
def test_it_is_made_to_fit_and_never_enlarged(size: tuple[int, int], expected: tuple[int, int]) -> None:
    clean = cleaned(saved(draw("RGB", size), "PNG"))
    assert (clean.width, clean.height) == expected == seen(clean).size


def test_the_chunks_may_be_cut_anywhere() -> None:
    data = saved(draw(), "PNG")
    clean = receive([data[n : n + 7] for n in range(0, len(data), 7)], **LIMITS)
    assert clean.data == cleaned(data).data and clean.source_bytes == len(data)


def test_a_clean_photo_can_be_uploaded_again() -> None:
    once = cleaned(saved(draw(), "JPEG"))
    assert corners(seen(cleaned(once.data))) == "rgbw"
