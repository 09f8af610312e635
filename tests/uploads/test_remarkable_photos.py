"""What is measured about a photo, and what answers say because of it."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from inference.engine.photos import notes
from inference.engine.photos.formats import ACCEPTED
from inference.engine.photos.notes import NOTES, PhotoNote
from inference.engine.photos.traits import measure
from inference.models import Photo
from inference.planning.compose import StepResult, annotate, compose
from tests.conftest import draw_photo
from tests.uploads.conftest import cleaned, draw, saved

ROOT = Path(__file__).resolve().parents[2]
RANDOM = np.random.default_rng(5)


def noise(size: tuple[int, int], deviation: float = 60) -> Image.Image:
    return Image.fromarray(RANDOM.normal(128, deviation, (size[1], size[0], 3)).clip(0, 255).astype(np.uint8))


def spotted(radius: int) -> Image.Image:
    image = Image.new("RGB", (640, 480), (120, 180, 240))
    ImageDraw.Draw(image).ellipse((300 - radius, 200 - radius, 300 + radius, 200 + radius), fill=(40, 40, 40))
    return image


def named(image: Image.Image) -> list[str]:
    return [note.name for note in measure(image)]


@pytest.mark.parametrize("image", [
    Image.new("RGB", (320, 240)), Image.new("RGB", (1, 1), "red"), Image.new("RGB", (1, 300), "blue"),
    Image.new("RGB", (2048, 1024), "white"), noise((640, 480), deviation=2), spotted(8),
], ids=["black", "a pixel", "a line", "white", "grain", "a speck"])  # fmt: skip
def test_a_photo_of_almost_one_colour_is_noticed(image: Image.Image) -> None:
    assert named(image) == ["one_colour"]


@pytest.mark.parametrize("size", [(128, 128), (224, 160), (640, 480), (30, 40)])
def test_noise_is_noticed_also_after_jpeg(size: tuple[int, int]) -> None:
    out = io.BytesIO()
    noise(size).save(out, "JPEG", quality=85)
    assert named(noise(size)) == ["noise"] and named(Image.open(out).convert("RGB")) == ["noise"]


def test_what_shows_something_is_neither() -> None:
    drawn = Image.open(io.BytesIO(draw_photo(3)))
    for image in (
        draw(),
        drawn,
        spotted(30),
        drawn.filter(ImageFilter.GaussianBlur(4)),
        Image.linear_gradient("L").convert("RGB"),
    ):
        assert named(image) == []


def test_a_white_drawing_on_a_transparent_ground_is_a_white_photo() -> None:
    image = Image.new("RGBA", (160, 100), (255, 255, 255, 0))
    ImageDraw.Draw(image).rectangle((40, 30, 100, 70), fill=(255, 255, 255, 255))
    assert cleaned(saved(image, "PNG")).notes == ("one_colour",)


@pytest.mark.parametrize(("size", "expected"), [
    ((2048, 20), ["wide"]), ((20, 2048), ["tall"]), ((3000, 1000), ["wide"]), ((2900, 1000), []), ((1920, 1080), []),
    ((0, 0), []),
])  # fmt: skip
def test_a_panorama_is_known_by_its_shape(size: tuple[int, int], expected: list[str]) -> None:
    assert [note.name for note in notes.named([], *size)] == expected


def test_a_note_of_a_later_version_is_skipped() -> None:
    assert notes.named(["from the future", "noise"], 100, 100) == [notes.NOISE]


def step(sure: bool, *about: PhotoNote, id: int = 1, before: int = 0, error: str | None = None) -> StepResult:
    return StepResult(id, "caption", "", None if error else "a man on a bike", 0.9, sure, (), error, before, about)


def answer(*results: StepResult) -> str:
    return annotate(compose("?", results), results)


def test_a_doubt_comes_before_the_answer_and_a_remark_after_it() -> None:
    assert answer(step(False, notes.ONE_COLOUR)) == ("The photo is almost one colour. A guess: a man on a bike.")
    reply = answer(step(True, notes.WIDE))
    assert reply.startswith("A man on a bike. The photo is very wide and was squashed to a square")


def test_each_is_said_once_and_of_the_right_photo() -> None:
    reply = answer(step(False, notes.NOISE), step(False, notes.NOISE, id=2), step(True, notes.TALL, id=3, before=1))
    assert reply.count("looks like noise") == 1 and "The photo before is very tall" in reply


def test_nothing_is_said_about_the_photo_of_a_step_that_failed() -> None:
    assert "colour" not in answer(step(False, notes.ONE_COLOUR, error="jetson-a is offline."))


def test_every_note_is_a_sentence() -> None:
    for note in NOTES:
        for text in filter(None, (note.upload, note.doubt.format(photo="The photo"), note.remark.format(photo="The photo"))):
            assert text.startswith("The ") and text.endswith(".") and len(note.name) <= 20


@pytest.mark.django_db
def test_the_api_says_what_is_remarkable_about_a_photo(owner: Any, client_of: Any) -> None:
    facts = {"bytes": 1, "source_format": "JPEG", "source_bytes": 1, "notes": ["rows_missing", "noise"]}
    photo = Photo.objects.create(owner=owner, width=900, height=100, **facts)
    reply = client_of(owner).get(f"/api/v1/photos/{photo.pk}").json()["notes"]
    assert reply == [notes.ROWS_MISSING.upload, notes.NOISE.upload, notes.WIDE.upload]


def test_documents_name_the_formats_that_are_accepted() -> None:
    assert f"\n{ACCEPTED}. The list is" in (ROOT / "docs" / "photos.md").read_text()
