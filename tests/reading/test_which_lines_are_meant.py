"""“The sign on the left”, “the big text”, “does it say STOP?”: the lines that are meant are kept, and compared."""

from dataclasses import dataclass

import pytest
from PIL import Image, ImageDraw, ImageFont

from inference.engine.answer import TextLine
from inference.engine.doubt import Certainty
from inference.engine.tasks.read import question_of, wording
from inference.engine.tasks.read.meant_lines import expected, meant
from inference.engine.tasks.read.reader import Reader
from inference.planning.compose import StepResult
from inference.planning.conditions import unmet
from inference.planning.offline import plan
from inference.planning.plan import OnlyIf, PlanStep
from tests.planning.reading import PHOTO

SIZE = (1000, 500)
LEFT = TextLine("EXIT", 0.9, 0.1, 0.1, 0.3, 0.2)
RIGHT = TextLine("ROOM 12", 0.9, 0.6, 0.1, 0.9, 0.4)
LOW = TextLine("small print", 0.9, 0.6, 0.9, 0.7, 0.93)
SIDEWAYS = TextLine("UP", 0.9, 0.45, 0.3, 0.47, 0.9)  # 20 pixels wide: its letters are no taller than that


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("", [LEFT, RIGHT, LOW, SIDEWAYS]),
        ("what does it say on the left?", [LEFT, SIDEWAYS]),
        ("what does it say on the right?", [RIGHT, LOW]),
        ("what does it say in the lower right corner?", [LOW]),
        ("what does it say in the lower left corner?", [SIDEWAYS]),
        ("what does the largest text say?", [RIGHT]),
        ("what does the smallest text say?", [LOW, SIDEWAYS]),
        ("what does the largest text say on the left?", [LEFT]),
    ],
)
def test_only_the_lines_that_are_meant_stay(question: str, lines: list[TextLine]) -> None:
    assert meant(question, [LEFT, RIGHT, LOW, SIDEWAYS], SIZE) == lines


@pytest.mark.parametrize(
    ("request_", "question"),
    [
        ("read the sign on the left", "what does it say on the left"),
        ("what does the big text say", "what does the largest text say"),
        ("read the fine print at the bottom", "what does the smallest text say at the bottom"),
        ("read the sign", ""),
        ("is there any text at the top", "is there any text at the top"),
        ("what is the phone number on the right", "what is the phone number on the right"),
    ],
)
def test_a_request_keeps_which_lines_it_means(request_: str, question: str) -> None:
    assert question_of(request_) == question


@pytest.mark.parametrize("message", ["Is the number on the left door 12?", "Does the sign say STOP?", "does it say 'ISPM 15'?"])
def test_what_a_text_is_expected_to_say_is_read(message: str) -> None:
    (step,) = plan(message, PHOTO).steps
    assert step.task == "read" and expected(step.question)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("is the number on the left door 12?", "12"),
        ("does the sign say STOP?", "STOP"),
        ("does it say OPEN on the left?", "OPEN"),
        ("does it say anything?", ""),
        ("is there any text?", ""),
        ("what does it say?", ""),
        ("is the number of dogs 12?", ""),
    ],
)
def test_what_is_expected(question: str, text: str) -> None:
    assert expected(question) == text


@dataclass(frozen=True)
class Step:
    question: str
    lines: tuple[TextLine, ...]
    certainty: Certainty = Certainty.FLAT
    top: tuple[tuple[str, float], ...] = ()
    absent: str = ""


@pytest.mark.parametrize(
    ("question", "certainty", "said"),
    [
        ("is the number on the right door 12?", Certainty.FLAT, "Yes, it says “ROOM 12”."),
        ("is the number on the right door 120?", Certainty.FLAT, "No, it says “ROOM 12”."),
        ("is the number on the right door 1?", Certainty.FLAT, "No, it says “ROOM 12”."),
        ("does the sign say room 12?", Certainty.PROBABLE, "Probably yes, it says “ROOM 12”."),
        ("does the sign say room 13?", Certainty.GUESS, "A guess: no, it says “ROOM 12”."),
    ],
)
def test_what_was_read_is_compared_word_by_word(question: str, certainty: Certainty, said: str) -> None:
    assert wording.sentence("ROOM 12", Step(question, (RIGHT,), certainty), True) == said


def test_text_elsewhere_is_not_passed_off_as_what_was_meant() -> None:
    step = Step("what does it say on the left?", (RIGHT,))
    said = wording.sentence(wording.NONE_THERE, step, True)
    assert said == "I found no text on the left. Elsewhere in the photo it says “ROOM 12”."
    asked = Step("is there any text on the left?", (RIGHT,))
    assert wording.sentence(wording.NONE_THERE, asked, True).startswith("No, I found no text on the left.")


@pytest.mark.parametrize(("says", "is_met"), [("STOP", True), ("GO", False)])
def test_a_condition_on_what_a_sign_says_is_weighed_by_what_it_says(says: str, is_met: bool) -> None:
    line = TextLine(says, 0.9, 0.1, 0.1, 0.3, 0.2)
    read = StepResult(1, "read", "does the sign say stop?", says, 0.9, True, (), None, lines=(line,))
    step = PlanStep(id=2, task="caption", after=[1], only_if=OnlyIf(step=1, answer="yes"))
    assert (unmet(step, {1: read}) is None) is is_met


def test_a_photo_is_read_where_it_is_meant(reader: Reader) -> None:
    photo = Image.new("RGB", (960, 480), (226, 205, 150))
    pen = ImageDraw.Draw(photo)
    pen.text((40, 60), "EXIT", fill=(20, 20, 60), font=ImageFont.load_default(40))
    pen.text((560, 60), "TICKETS", fill=(20, 20, 60), font=ImageFont.load_default(80))
    assert reader.answer(photo, "what does it say on the left?").text == "EXIT"
    assert reader.answer(photo, "what does it say on the right?").text == "TICKETS"
    assert reader.answer(photo, "what does the largest text say?").text == "TICKETS"
    answer = reader.answer(photo, "what does it say at the bottom?")
    assert answer.text == wording.NONE_THERE and {line.text for line in answer.lines} == {"EXIT", "TICKETS"}
    assert reader.answer(photo, "").text == "EXIT / TICKETS"
