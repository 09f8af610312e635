"""Text is read line by line from photos taken upright, sideways and upside down, within bounds, or said to be unreadable."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from inference.engine.answer import Answer
from inference.engine.tasks.read import reader as reading
from inference.engine.tasks.read import wording
from inference.engine.tasks.read.reader import Reader
from tests.conftest import draw_photo
from tests.reading.conftest import LINES

Draw = Callable[..., Image.Image]


def texts(answer: Answer) -> tuple[str, ...]:
    return tuple(line.text for line in answer.lines)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_sign_is_read_in_its_own_order_however_the_camera_was_held(reader: Reader, sign: Draw, turn: int) -> None:
    answer = reader.answer(sign().rotate(turn, expand=True), "")
    assert texts(answer) == LINES
    assert answer.text == " / ".join(LINES) and answer.sure and answer.confidence > 0.8


def test_a_line_has_the_rectangle_in_which_it_stands(reader: Reader, sign: Draw) -> None:
    first = reader.answer(sign(("HELLO",)), "").lines[0]
    assert 0.03 < first.left < 0.09 and 0.04 < first.top < 0.1
    assert 0.2 < first.right < 0.5 and 0.12 < first.bottom < 0.25


def test_lines_side_by_side_are_read_from_left_to_right(reader: Reader) -> None:
    photo = Image.new("RGB", (640, 200), "white")
    pen, font = ImageDraw.Draw(photo), ImageFont.load_default(36)
    for x, y, text in ((340, 60, "Coffee"), (40, 62, "Soup"), (40, 130, "Salad")):
        pen.text((x, y), text, fill="black", font=font)
    assert texts(reader.answer(photo, "")) == ("Soup", "Coffee", "Salad")


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (2000, 20), (20, 1500), (640, 480)])
def test_a_photo_without_text_says_so_whatever_its_shape(reader: Reader, size: tuple[int, int]) -> None:
    answer = reader.answer(Image.new("RGB", size, (120, 140, 160)), "")
    assert answer.text == wording.NO_TEXT and answer.lines == () and answer.sure


def test_a_page_full_of_words_is_read_up_to_a_bound_and_says_that_there_is_more(reader: Reader) -> None:
    photo, font = Image.new("RGB", (2048, 2048), "white"), ImageFont.load_default(20)
    for row in range(70):
        for column in range(3):
            ImageDraw.Draw(photo).text(
                (20 + column * 680, 10 + row * 29), f"row {row} of many words here", fill="black", font=font
            )
    answer = reader.answer(photo, "")
    assert 0 < len(answer.lines) <= reading.MAX_LINES and len(answer.text) <= 4000
    assert answer.text.endswith(wording.CUT)


def test_noise_is_no_text(reader: Reader) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)
    assert not [line for line in reader.answer(Image.fromarray(noise), "").lines if line.text]


@pytest.mark.parametrize("seed", range(4))
def test_patches_of_colour_without_a_letter_are_no_text(reader: Reader, seed: int) -> None:
    answer = reader.answer(Image.open(io.BytesIO(draw_photo(seed, (640, 480)))), "")
    assert answer.text == wording.NO_TEXT and answer.lines == ()


@pytest.mark.parametrize(
    ("text", "score", "count"), [("7", 0.97, 1), ("7", 0.7, 0), ("：", 0.99, 0), ("", 0.0, 0), ("NO", 0.6, 1)]
)
def test_one_character_has_to_be_clear_to_count_as_text(
    reader: Reader, sign: Draw, monkeypatch: pytest.MonkeyPatch, text: str, score: float, count: int
) -> None:
    monkeypatch.setattr(Reader, "_read", lambda self, crops: ([text] * len(crops), [score] * len(crops)))
    assert len(reader.answer(sign(("7",)), "").lines) == count


def test_the_confidence_of_what_is_looked_for_is_that_of_its_line(reader: Reader, sign: Draw) -> None:
    answer = reader.answer(sign(), "what is the phone number?")
    phone = next(line for line in answer.lines if "946" in line.text)
    assert answer.confidence == pytest.approx(phone.score)


def test_what_the_recogniser_is_unsure_of_is_a_guess(reader: Reader, sign: Draw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reader, "_read", lambda self, crops: (["ST0P"] * len(crops), [0.55] * len(crops)))
    answer = reader.answer(sign(("STOP",)), "")
    assert answer.text == "ST0P" and not answer.sure


def test_found_text_that_cannot_be_read_keeps_its_place_without_a_text(
    reader: Reader, sign: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Reader, "_read", lambda self, crops: (["xq"] * len(crops), [0.4] * len(crops)))
    answer = reader.answer(sign(("STOP",)), "")
    assert answer.text == wording.UNREADABLE and texts(answer) == ("",)
