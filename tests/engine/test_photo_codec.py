"""The photo at the model's own size: whatever the photo is, whatever the format, and bounded when read back."""

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from inference.engine.codecs import photo_codec
from inference.engine.codecs.photo_codec import PhotoCodecError

ODD: dict[str, Callable[[], Image.Image]] = {
    "greyscale": lambda: Image.radial_gradient("L"),
    "palette": lambda: Image.linear_gradient("L").convert("RGB").quantize(17),
    "transparent": lambda: Image.new("RGBA", (90, 60), (200, 20, 20, 128)),
    "one pixel": lambda: Image.new("RGB", (1, 1), "teal"),
    "panorama": lambda: Image.linear_gradient("L").resize((4000, 100)),
    "ink": lambda: Image.new("CMYK", (50, 70), (0, 200, 200, 10)),
}


def test_avif_is_there() -> None:
    assert set(photo_codec.CODECS) == {"jpeg", "webp", "avif"}


@pytest.mark.parametrize("codec", photo_codec.CODECS)
@pytest.mark.parametrize("kind", ODD)
def test_every_photo_in_every_format_comes_back_square(codec: str, kind: str) -> None:
    back = photo_codec.decode(photo_codec.encode(ODD[kind](), codec, 50, 160))
    assert back.mode == "RGB" and back.size == (160, 160)


@pytest.mark.parametrize("codec", photo_codec.CODECS)
def test_more_quality_is_more_bytes_and_less_error(codec: str, drawn: Callable[..., Image.Image]) -> None:
    photo = drawn(0, (320, 240))
    square = np.asarray(photo.resize((160, 160), Image.Resampling.BILINEAR), float)
    coded = [photo_codec.encode(photo, codec, quality, 160) for quality in (5, 50, 95)]
    errors = [float(np.square(np.asarray(photo_codec.decode(data), float) - square).mean()) for data in coded]
    assert [len(data) for data in coded] == sorted(len(data) for data in coded) and errors == sorted(errors, reverse=True)


def test_the_same_photo_gives_the_same_bytes(drawn: Callable[..., Image.Image]) -> None:
    """Placement counts on the sizes that placing a photo reported."""
    assert photo_codec.encode(drawn(3), "webp", 40, 160) == photo_codec.encode(drawn(3), "webp", 40, 160)


def test_a_cmyk_jpeg_can_be_read() -> None:
    out = io.BytesIO()
    ODD["ink"]().save(out, "JPEG")
    red, green, blue = photo_codec.decode(out.getvalue()).getpixel((20, 20))  # type: ignore[misc]
    assert red > 200 and green < 90 and blue < 90


@pytest.mark.parametrize("codec", ["png", "", "JPEG"])
def test_an_unknown_format_is_refused(codec: str) -> None:
    with pytest.raises(PhotoCodecError, match=r"cannot write .*; choose one of jpeg, webp, avif\."):
        photo_codec.encode(Image.new("RGB", (8, 8)), codec, 50, 8)


@pytest.mark.parametrize("quality", [0, -5, 101])
def test_a_quality_out_of_range_is_refused(quality: int) -> None:
    with pytest.raises(PhotoCodecError, match="not between 1 and 100"):
        photo_codec.encode(Image.new("RGB", (8, 8)), "jpeg", quality, 8)


def _png(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("data", [b"", b"hello", b"<html></html>", _png(4, 4)])
def test_bytes_of_another_kind_are_refused(data: bytes) -> None:
    with pytest.raises(PhotoCodecError, match="not a JPEG, WebP or AVIF photo"):
        photo_codec.decode(data)


@pytest.mark.parametrize("codec", photo_codec.CODECS)
def test_a_photo_cut_short_is_refused(codec: str, drawn: Callable[..., Image.Image]) -> None:
    data = photo_codec.encode(drawn(0), codec, 80, 160)
    with pytest.raises(PhotoCodecError, match="upload"):
        photo_codec.decode(data[: len(data) // 2])


def test_a_header_that_claims_too_many_pixels_is_refused_undecoded(drawn: Callable[..., Image.Image]) -> None:
    data = bytearray(photo_codec.encode(drawn(0), "jpeg", 80, 160))
    frame = data.index(b"\xff\xc0") + 5
    data[frame : frame + 4] = struct.pack(">HH", 60_000, 60_000)
    with pytest.raises(PhotoCodecError):
        photo_codec.decode(bytes(data))
    data[frame : frame + 4] = struct.pack(">HH", 5000, 5000)
    with pytest.raises(PhotoCodecError, match="more than 24 megapixels"):
        photo_codec.decode(bytes(data))


def test_too_many_bytes_are_refused_unread() -> None:
    with pytest.raises(PhotoCodecError, match="larger than 32 MiB"):
        photo_codec.decode(bytes(photo_codec.MAX_BYTES + 1))


def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_decoded() -> None:
    """What a device sends may be made to keep an edge busy for hours."""
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "JPEG", progressive=True)
    data = out.getvalue()
    at = data.rindex(photo_codec.SCAN)
    photo_codec.decode(data[:at] + data[at:-2] * 20 + data[-2:])
    with pytest.raises(PhotoCodecError, match="damaged"):
        photo_codec.decode(data[:at] + data[at:-2] * 2000 + data[-2:])
