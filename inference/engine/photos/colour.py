"""From the colour space a file names to sRGB: ICC profiles, coded spaces (CICP, "nclx") with PQ and HLG, and PNG's gamma."""

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

Floats = NDArray[np.float32]
Matrix = NDArray[np.float64]
MAX_PROFILE = 4 * 1024 * 1024  # bytes; the largest in use, of printing presses, have about three million
ROWS = 256  # converted at once, so that the floats of a photo need little memory
REFERENCE_WHITE_NITS = 203.0  # of PQ (BT.2408): white paper, not the brightest light
HLG_WHITE = 0.26496  # scene light of a signal of 75 %, which is white there (BT.2408)
KNEE = 0.9  # below this share of white nothing is changed; lights above are compressed into the rest
D65 = (0.3127, 0.3290)
Chromaticities = tuple[float, float, float, float, float, float, float, float]  # white, red, green, blue; x and y of each
SRGB_PRIMARIES: Chromaticities = (*D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
PRIMARIES: dict[int, Chromaticities] = {  # by CICP number
    9: (*D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),  # BT.2020
    11: (0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # DCI-P3
    12: (*D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),  # Display P3
}
GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0, 17: 2.6}
PQ, HLG = 16, 18
BRADFORD: Matrix = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


class BadProfile(Exception):
    """The colour profile cannot be used: damaged, too large, or for another kind of picture."""


@dataclass(frozen=True)
class Icc:
    data: bytes


@dataclass(frozen=True)
class Cicp:
    """Coding-independent code points (ITU-T H.273)."""

    primaries: int
    transfer: int

    @property
    def is_hdr(self) -> bool:
        return self.transfer in (PQ, HLG)


@dataclass(frozen=True)
class Gamma:
    """`exponent`: of decoding; None for sRGB's own curve."""

    exponent: float | None
    chromaticities: Chromaticities = SRGB_PRIMARIES


Space = Icc | Cicp | Gamma


def to_srgb(image: Image.Image, space: Space | None) -> Image.Image:
    """8-bit RGB. `image` is L, RGB or CMYK. Raises BadProfile."""
    if isinstance(space, Icc):
        return _from_icc(image, space.data)
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    if space is None or image.mode == "CMYK" or _is_srgb(space):
        return rgb
    primaries = space.chromaticities if isinstance(space, Gamma) else PRIMARIES.get(space.primaries, SRGB_PRIMARIES)
    pixels, matrix = np.asarray(rgb), _to_srgb_matrix(primaries).astype(np.float32).T
    converted = np.empty_like(pixels)
    for top in range(0, len(pixels), ROWS):
        part = pixels[top : top + ROWS].astype(np.float32) / np.float32(255)
        linear = _linear(part, space) @ matrix
        if isinstance(space, Cicp) and space.is_hdr:
            linear = _tone_mapped(linear)
        converted[top : top + ROWS] = (_srgb_curve(linear.clip(0, 1)) * 255 + 0.5).astype(np.uint8)
    return Image.fromarray(converted)


def _is_srgb(space: Cicp | Gamma) -> bool:
    if isinstance(space, Cicp):
        return space.primaries not in PRIMARIES and space.transfer not in (PQ, HLG, *GAMMAS)
    near = np.abs(np.subtract(space.chromaticities, SRGB_PRIMARIES)).max() < 0.005
    return bool(near) and (space.exponent is None or abs(space.exponent - 2.2) < 0.02)


def _from_icc(image: Image.Image, data: bytes) -> Image.Image:
    if len(data) > MAX_PROFILE:
        raise BadProfile
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(data))
        mode = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}.get(profile.profile.xcolor_space.strip())
        source = image.convert("RGB") if (image.mode, mode) == ("L", "RGB") else image
        if mode != source.mode:
            raise BadProfile
        transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
        if mode == "RGB" and _changes_nothing(transform):
            return source
        converted = ImageCms.applyTransform(source, transform)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError) as error:
        raise BadProfile from error
    assert converted is not None, "it is not converted in place"
    return converted


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Most profiles are sRGB's, under many names; a photo of them is left as it is."""
    levels = np.linspace(0, 255, 9).astype(np.uint8)
    grid = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    converted = ImageCms.applyTransform(Image.fromarray(grid), transform)
    return converted is not None and int(np.abs(np.asarray(converted).astype(int) - grid).max()) <= 2


def _linear(part: Floats, space: Cicp | Gamma) -> Floats:
    """Light relative to white."""
    if isinstance(space, Gamma):
        return _srgb_light(part) if space.exponent is None else part**space.exponent
    if space.transfer == PQ:
        return _pq_nits(part) / REFERENCE_WHITE_NITS
    if space.transfer == HLG:
        return _hlg_scene(part) / HLG_WHITE
    exponent = GAMMAS.get(space.transfer)
    return _srgb_light(part) if exponent is None else part**exponent


def _srgb_light(part: Floats) -> Floats:
    return np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _srgb_curve(light: Floats) -> Floats:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


def _pq_nits(part: Floats) -> Floats:
    """The curve of SMPTE ST 2084."""
    power = part ** (1 / 78.84375)
    return 10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)


def _hlg_scene(part: Floats) -> Floats:
    """The curve of BT.2100. The light of the scene, without a display's own gamma, is what an SDR picture shows (BT.2408)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(part <= 0.5, part**2 / 3, (np.exp((part - c) / a) + b) / 12).astype(np.float32)


def _tone_mapped(light: Floats) -> Floats:
    """Lights brighter than white are compressed, by the brightest channel so that hues stay."""
    brightest = light.max(axis=-1, keepdims=True)
    over = np.maximum(brightest - KNEE, 0)
    mapped = np.where(over > 0, KNEE + (1 - KNEE) * (1 - np.exp(-over / (1 - KNEE))), brightest)
    return light * (mapped / np.maximum(brightest, 1e-6))


@cache
def _to_srgb_matrix(chromaticities: Chromaticities) -> Matrix:
    """Linear RGB of these primaries to linear sRGB, with white staying white."""
    source, target = _to_xyz(chromaticities), _to_xyz(SRGB_PRIMARIES)
    cones = (BRADFORD @ target.sum(axis=1)) / (BRADFORD @ source.sum(axis=1))
    adaptation = np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD
    return np.linalg.inv(target) @ adaptation @ source


def _to_xyz(chromaticities: Chromaticities) -> Matrix:
    points = np.array(chromaticities, np.float64).reshape(4, 2)
    if points[:, 1].min() < 0.001 or abs(np.linalg.det(np.c_[points[1:], np.ones(3)])) < 1e-4:
        raise BadProfile
    white, *primaries = [np.array([x / y, 1.0, (1 - x - y) / y]) for x, y in points]
    columns = np.stack(primaries, axis=1)
    return columns * np.linalg.solve(columns, white)
