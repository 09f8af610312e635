"""Photos of signs, drawn from a seed: a panel with lines of text before a textured background, seen straight or aslant."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bench.reading import texts

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
# Those of these that the machine has; Pillow's own is always there.
FILES = (
    "DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf", "DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf",
    "DejaVuSerif-Italic.ttf",
    "DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "STIXGeneral.ttf", "STIXGeneralBol.ttf", "STIXGeneralItalic.ttf",
    "cmr10.ttf", "cmss10.ttf", "cmtt10.ttf", "NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSans-Italic.ttf",
    "NotoSerif-Regular.ttf",    "NotoSerif-Italic.ttf", "NotoSerifDisplay-BoldItalic.ttf", "NotoSansDisplay-Regular.ttf",
)  # fmt: skip
FOLDERS = (Path("/usr/share/fonts"),)
OWN = "Pillow's own"
# Ink and panel, each pair with a contrast of at least 4.5 to 1.
COLOURS = (
    ("#111111", "#f4f1e8"), ("#ffffff", "#0b3d91"), ("#ffffff", "#b3261e"), ("#ffffff", "#1b5e20"), ("#111111", "#f6c915"),
    ("#3b2412", "#ead9bd"),    ("#fdf6e3", "#2b2b2b"), ("#0b3d91", "#ffffff"), ("#8a1c1c", "#f5e9d3"),
)  # fmt: skip


@dataclass(frozen=True)
class Sign:
    photo: Image.Image
    lines: tuple[str, ...]
    font: str

    @property
    def words(self) -> list[str]:
        return [word for line in self.lines for word in line.split()]


@cache
def fonts() -> tuple[str, ...]:
    """File names of the fonts of this machine, and OWN."""
    return (OWN, *(name for name in FILES if name in _files()))


@cache
def _files() -> dict[str, Path]:
    spec = find_spec("matplotlib")
    folders = [*FOLDERS, *([Path(spec.origin).parent / "mpl-data" / "fonts"] if spec and spec.origin else [])]
    return {path.name: path for folder in folders for path in folder.rglob("*.ttf")}


def _font(name: str, size: int) -> Font:
    return ImageFont.load_default(size) if name == OWN else ImageFont.truetype(_files()[name], size)


class How(TypedDict, total=False):
    """What a sign suffers from."""

    aslant: float
    blur: float


def draw(
    seed: int,
    size: tuple[int, int] = (640, 480),
    heights: tuple[float, float] = (0.03, 0.12),
    aslant: float = 0.0,
    blur: float = 0.0,
) -> Sign:
    """`heights`: of the letters, least and most, as fractions of the photo's width. `aslant`: how far the corners of the sign
    are moved, as a fraction of its sides. `blur`: radius in pixels."""
    rng = random.Random(seed)
    lines, name = texts.sign(rng), rng.choice(fonts())
    low, high = (np.log(height) for height in heights)
    panel = _panel(lines, name, round(size[0] * float(np.exp(rng.uniform(low, high)))), size, rng)
    photo = _background(size, seed)
    corners = _corners(panel.size, size, aslant, rng)
    _paste(photo, panel, corners)
    if blur:
        photo = photo.filter(ImageFilter.GaussianBlur(blur))
    return Sign(photo, tuple(lines), name)


def _panel(lines: Sequence[str], name: str, height: int, size: tuple[int, int], rng: random.Random) -> Image.Image:
    ink, ground = rng.choice(COLOURS)
    while True:
        font, gap = _font(name, height), round(height * 0.55)
        boxes = [font.getbbox(line) for line in lines]
        width = round(max(box[2] for box in boxes)) + 2 * gap
        tall = round(sum(height * 1.25 for _ in lines)) + (len(lines) - 1) * gap // 2 + 2 * gap
        if (width <= size[0] * 0.92 and tall <= size[1] * 0.92) or height <= 8:
            break
        height = round(height * 0.9)
    panel = Image.new("RGB", (width, tall), ground)
    pen, y, middle = ImageDraw.Draw(panel), gap, rng.random() < 0.5
    for line, box in zip(lines, boxes, strict=True):
        pen.text(((width - box[2]) // 2 if middle else gap, y), line, fill=ink, font=font)
        y += round(height * 1.25) + gap // 2
    return panel


def _background(size: tuple[int, int], seed: int) -> Image.Image:
    """Blobs of colour under grain, as an unsharp street."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(40, 216, (6, 8, 3), np.uint8)).resize(size, Image.Resampling.BICUBIC)
    fine = Image.fromarray(rng.integers(0, 256, (size[1] // 8, size[0] // 8, 3), np.uint8)).resize(
        size, Image.Resampling.BILINEAR
    )
    values = np.asarray(Image.blend(coarse, fine, 0.25), np.float32) + rng.normal(0, 4, (size[1], size[0], 1))
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def _corners(panel: tuple[int, int], size: tuple[int, int], aslant: float, rng: random.Random) -> list[tuple[float, float]]:
    """Where the panel's corners lie in the photo, clockwise from the top left."""
    left, top = rng.uniform(0, size[0] - panel[0]), rng.uniform(0, size[1] - panel[1])
    square = [(0, 0), (panel[0], 0), panel, (0, panel[1])]
    moved = [
        (left + x + rng.uniform(-1, 1) * aslant * panel[0], top + y + rng.uniform(-1, 1) * aslant * min(panel))
        for x, y in square
    ]
    return [(min(max(x, 0), size[0] - 1), min(max(y, 0), size[1] - 1)) for x, y in moved]


def _paste(photo: Image.Image, panel: Image.Image, corners: Sequence[tuple[float, float]]) -> None:
    """By the projective map that takes the photo's pixels to the panel's."""
    rows, values = [], []
    square = [(0, 0), (panel.width, 0), panel.size, (0, panel.height)]
    for (x, y), (u, v) in zip(corners, square, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    map_back = np.linalg.solve(np.array(rows, float), np.array(values, float)).tolist()
    seen = panel.transform(photo.size, Image.Transform.PERSPECTIVE, map_back, Image.Resampling.BICUBIC)
    mask = Image.new("L", panel.size, 255).transform(
        photo.size, Image.Transform.PERSPECTIVE, map_back, Image.Resampling.BILINEAR
    )
    photo.paste(seen, (0, 0), mask)
