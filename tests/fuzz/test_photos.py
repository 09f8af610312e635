"""Any input is either refused with a sentence or becomes a clean photo."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from inference.engine.codecs import photo_codec
from inference.engine.photos.reader import CleanPhoto, Limits, read
from inference.engine.photos.refusal import PhotoRefused
from tests.fuzz.mutations import Mutation, mutate, mutations
from tests.uploads.conftest import LIMITS, draw, saved

TINY = (24, 16)


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0)})
    exif.get_ifd(0x8769).update({0x9286: b"comment", 0x829A: 0.01})
    return exif.tobytes()


SAMPLES = {
    "JPEG": saved(draw("RGB", TINY), "JPEG", exif=_exif(), icc_profile=b"p" * 60),
    "progressive": saved(draw("RGB", TINY), "JPEG", progressive=True),
    "PNG": saved(draw("RGBA", TINY), "PNG", exif=_exif()),
    "palette": saved(draw("P", TINY), "PNG", transparency=0),
    "WEBP": saved(draw("RGBA", TINY), "WEBP", exif=_exif()),
    "animation": saved(draw("RGB", TINY), "WEBP", save_all=True, append_images=[draw("L", TINY)]),
    "HEIC": saved(draw("RGB", (64, 64)), "HEIC", exif=_exif()),
    "AVIF": saved(draw("RGBA", (64, 64)), "AVIF", exif=_exif()),
    "GIF": saved(draw("P", TINY), "GIF", save_all=True, append_images=[draw("L", TINY).convert("P")]),
    "BMP": saved(draw("RGB", TINY), "BMP"),
    "TIFF": saved(draw("RGB", TINY), "TIFF", exif=_exif()),
    "TIFF in LZW": saved(draw("L", TINY), "TIFF", compression="tiff_lzw", save_all=True, append_images=[draw("L", TINY)]),
    "colours": saved(draw("RGB", TINY), "PNG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()),
}
STARTS = [
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypavif",
    b"GIF89a", b"II*\0", b"",
]  # fmt: skip


def _refused_or_clean(data: bytes) -> CleanPhoto | None:
    try:
        clean = read(data, Limits(**LIMITS))
    except PhotoRefused as refusal:
        assert refusal.message.endswith(".") and refusal.next.endswith(".") and refusal.code.startswith("photo_")
        return None
    image = Image.open(io.BytesIO(clean.data), formats=["JPEG"])
    image.load()
    assert image.mode == "RGB" and image.size == (clean.width, clean.height) and max(image.size) <= LIMITS["max_side"]
    assert not dict(image.getexif()) and "icc_profile" not in image.info
    return clean


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_samples_are_valid_before_mutation(kind: str) -> None:
    assert _refused_or_clean(SAMPLES[kind]) is not None


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150)
@given(changes=mutations())
@pytest.mark.parametrize("kind", SAMPLES)
def test_a_mutated_photo_is_refused_or_clean(kind: str, changes: list[Mutation]) -> None:
    _refused_or_clean(mutate(SAMPLES[kind], changes))


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=200)
@given(start=st.sampled_from(STARTS), rest=st.binary(max_size=300))
def test_random_bytes_after_any_beginning_are_refused(start: bytes, rest: bytes) -> None:
    assert _refused_or_clean(start + rest) is None


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150)
@given(tags=st.binary(max_size=120), order=st.sampled_from([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08", b""]))
def test_no_exif_refuses_a_valid_photo(tags: bytes, order: bytes) -> None:
    """It is discarded; only its orientation is read, which may be nonsense."""
    assert _refused_or_clean(saved(draw("RGB", TINY), "JPEG", exif=b"Exif\0\0" + order + tags)) is not None


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=300)
@given(changes=mutations(longest=3), kind=st.sampled_from(["JPEG", "PNG", "WEBP"]))
def test_damaged_exif_refuses_no_valid_photo(changes: list[Mutation], kind: str) -> None:
    """Damaged tags can be read but not written again, which Pillow's own exif_transpose tries."""
    assert _refused_or_clean(saved(draw("RGB", TINY), kind, exif=b"Exif\0\0" + mutate(_exif()[6:], changes))) is not None


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150)
@given(codec=st.sampled_from(photo_codec.CODECS), changes=mutations())
def test_a_mutated_photo_on_the_link_is_refused_or_rgb(codec: str, changes: list[Mutation]) -> None:
    data = mutate(photo_codec.encode(draw("RGB", (32, 32)), codec, 60, 32), changes)
    try:
        image = photo_codec.decode(data)
    except photo_codec.PhotoCodecError as refusal:
        assert str(refusal).endswith(".")
    else:
        assert image.mode == "RGB" and image.width * image.height <= photo_codec.MAX_PIXELS
