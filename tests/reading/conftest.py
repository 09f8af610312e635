"""The reader with its real models, loaded once, and signs drawn with Pillow's own font."""

from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageFont

from inference.engine.tasks.read import package
from inference.engine.tasks.read.reader import Reader

LINES = ("OPEN DAILY", "9 am to 5 pm", "Tel. 0207 946 0018", "www.corner-bakery.example")


def draw(lines: tuple[str, ...] = LINES, size: tuple[int, int] = (640, 480), height: int = 40) -> Image.Image:
    photo = Image.new("RGB", size, (226, 205, 150))
    pen, font = ImageDraw.Draw(photo), ImageFont.load_default(height)
    for row, line in enumerate(lines):
        pen.text((40, 30 + row * round(height * 2.2)), line, fill=(20, 20, 60), font=font)
    return photo


@pytest.fixture
def sign() -> Callable[..., Image.Image]:
    return draw


@pytest.fixture(scope="session")
def reader() -> Reader:
    assert package.problem() is None
    model = Reader(threads=1)
    model.load()
    return model
