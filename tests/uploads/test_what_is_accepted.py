"""Photos as phones and programs write them: each becomes one upright, clean JPEG that looks the same."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.engine.photos.formats import FORMATS
from inference.photos.intake import spool
from tests.uploads.conftest import cleaned, corners, decoded, draw, saved

KINDS = [format.name for format in FORMATS]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_becomes_a_jpeg_that_looks_the_same(kind: str) -> None:
    data = saved(draw(), kind)
    clean = cleaned(data)
    assert (clean.source_format, clean.source_bytes, clean.width, clean.height) == (kind, len(data), 96, 64)
    image = decoded(clean)
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
    assert corners(decoded(clean)) == expected
    assert (clean.width, clean.height) == ((64, 96) if orientation >= 5 else (96, 64))


def test_a_rotated_heic_is_rotated_once() -> None:
    """libheif applies the orientation itself; applying the EXIF tag again would rotate it twice."""
    exif = Image.Exif()
    exif[0x0112] = 6
    clean = cleaned(saved(draw(), "HEIC", exif=exif.tobytes()))
    assert (clean.width, clean.height, corners(decoded(clean))) == (64, 96, "brwg")


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_ignored(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert corners(decoded(cleaned(saved(draw(), "JPEG", exif=exif.tobytes())))) == "rgbw"


@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\x00\x00",
        b"Exif\x00\x00II*\x00\xff\xff\xff\xff",
        b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\xff\xff" + b"\x01" * 40,
        b"junk",
    ],
)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data:UserWarning")
def test_broken_exif_does_not_refuse_a_photo(exif: bytes) -> None:
    """Discarded metadata need not be well formed."""
    assert corners(decoded(cleaned(saved(draw(), "JPEG", exif=exif)))) == "rgbw"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIC", "AVIF", "TIFF"])
def test_nothing_but_pixels_remains(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 29: "2026:01:02"})
    data = saved(draw(), kind, exif=exif.tobytes())
    assert b"SecretCamera" in data
    clean = cleaned(data)
    image = decoded(clean)
    assert b"SecretCamera" not in clean.data and b"Exif" not in clean.data and b"http" not in clean.data
    assert not dict(image.getexif()) and set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_comment_and_a_profile_are_dropped_too() -> None:
    clean = cleaned(saved(draw(), "JPEG", comment=b"SecretComment", icc_profile=b"SecretProfile" * 40))
    assert b"Secret" not in clean.data


def test_appended_html_is_dropped() -> None:
    clean = cleaned(saved(draw(), "JPEG") + b"<script>alert(1)</script>")
    assert b"script" not in clean.data and corners(decoded(clean)) == "rgbw"


def test_a_photo_that_is_also_an_archive_loses_the_archive() -> None:
    import zipfile

    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("run.js", "alert(1)")
    polyglot = saved(draw(), "PNG") + archive.getvalue()
    assert zipfile.is_zipfile(io.BytesIO(polyglot))
    clean = cleaned(polyglot)
    assert not zipfile.is_zipfile(io.BytesIO(clean.data)) and b"run.js" not in clean.data


@pytest.mark.parametrize("mode", ["L", "P", "1", "LA", "RGBA"])
def test_every_png_mode_becomes_rgb(mode: str) -> None:
    assert decoded(cleaned(saved(draw(mode), "PNG"))).mode == "RGB"


def test_a_cmyk_jpeg_keeps_its_colours() -> None:
    assert corners(decoded(cleaned(saved(draw("CMYK"), "JPEG")))) == "rgbw"


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIC"])
def test_transparency_becomes_white(kind: str) -> None:
    image = Image.new("RGBA", (64, 64), (10, 10, 10, 0))
    image.paste((10, 10, 10, 255), (0, 0, 32, 64))
    image = np.asarray(decoded(cleaned(saved(image, kind))), int)
    assert image[:, :24].max() < 40 and image[:, 40:].min() > 235


def test_a_transparent_colour_of_a_palette_becomes_white() -> None:
    image = Image.new("P", (32, 32), 1)
    image.putpalette([255, 0, 0, 0, 0, 0])
    assert np.asarray(decoded(cleaned(saved(image, "PNG", transparency=1)))).min() > 250


def test_sixteen_bits_of_grey_keep_their_shades() -> None:
    """Pillow's own conversion turns everything above 255 to white."""
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)[None].repeat(64, 0)
    data = saved(Image.fromarray(ramp), "PNG")
    image = np.asarray(decoded(cleaned(data)).convert("L"), int)
    assert image[32, 1] < 12 and abs(image[32, 32] - 128) < 8 and image[32, 62] > 245


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_the_first_frame_of_an_animation_is_used(kind: str) -> None:
    frames = [draw(), Image.new("RGB", (96, 64), "black"), Image.new("RGB", (96, 64), "blue")]
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    clean = cleaned(data)
    assert corners(decoded(clean)) == "rgbw" and decoded(clean).format == "JPEG"


@pytest.mark.parametrize(
    ("size", "expected"),
    [((1, 1), (1, 1)), ((4000, 100), (512, 13)), ((3, 3000), (1, 512)), ((512, 512), (512, 512)), ((1024, 513), (512, 256))],
)
def test_it_is_shrunk_to_fit_and_never_enlarged(size: tuple[int, int], expected: tuple[int, int]) -> None:
    clean = cleaned(saved(draw("RGB", size), "PNG"))
    assert (clean.width, clean.height) == expected == decoded(clean).size


def test_chunk_boundaries_do_not_matter(tmp_path: Path) -> None:
    data = saved(draw(), "PNG")
    assert spool([data[n : n + 7] for n in range(0, len(data), 7)], tmp_path / "upload", len(data)) == len(data)
    assert (tmp_path / "upload").read_bytes() == data


def test_a_clean_photo_can_be_uploaded_again() -> None:
    clean = cleaned(saved(draw(), "JPEG"))
    assert corners(decoded(cleaned(clean.data))) == "rgbw"
