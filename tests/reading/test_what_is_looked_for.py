"""Numbers, addresses, prices, times and dates are found in the lines, and a sentence says so, or says what was read."""

from dataclasses import dataclass

import pytest

from inference.engine.answer import TextLine
from inference.engine.doubt import Certainty
from inference.engine.tasks.read import wording

MENU = (
    "MENU",
    "Soup 4.50",
    "Coffee £2.20",
    "Open Mon - Fri 9 am to 5.30 pm",
    "Tel. +44 (0)20 7946 0018",
    "info@corner.example",
    "www.corner-bakery.example/menu",
    "since 12 March 1987",
)


@dataclass(frozen=True)
class Step:
    question: str
    lines: tuple[TextLine, ...]
    certainty: Certainty = Certainty.FLAT
    top: tuple[tuple[str, float], ...] = ()


def sentence(question: str, *texts: str, certainty: Certainty = Certainty.FLAT, more: bool = False) -> str:
    lines = tuple(TextLine(text, 0.9, 0.1, row / 20, 0.9, row / 20 + 0.04) for row, text in enumerate(texts))
    read = wording.SEPARATOR.join(filter(None, texts)) + (wording.CUT if more else "")
    text = read or (wording.UNREADABLE if texts else wording.NO_TEXT)
    return wording.sentence(text, Step(question, lines, certainty), True)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("what is the phone number?", "The phone number is +44 (0)20 7946 0018."),
        ("which number do i call?", "The phone number is +44 (0)20 7946 0018."),
        ("what is the e-mail address?", "The e-mail address is info@corner.example."),
        ("what is the website?", "The web address is www.corner-bakery.example/menu."),
        ("what time does it open?", "The opening time is Mon - Fri 9 am to 5.30 pm."),
        ("when does the shop close?", "The opening time is Mon - Fri 9 am to 5.30 pm."),
        ("how much is the soup?", "The price is 4.50."),
        ("what does the coffee cost?", "The price is £2.20."),
        ("what are the prices?", "The prices are 4.50 and £2.20."),
        ("what is the date?", "The date is 12 March 1987."),
    ],
)
def test_the_value_is_the_answer(question: str, answer: str) -> None:
    assert sentence(question, *MENU) == answer


@pytest.mark.parametrize(
    ("line", "question", "value"),
    [
        ("Call 555-0142-77 now", "what is the phone number?", "555-0142-77"),
        ("Best before 03.11.2027", "what is the expiry date?", "03.11.2027"),
        ("EXP 2027-04-30", "when does it expire?", "2027-04-30"),
        ("8:30-17:00", "what are the opening hours?", "8:30-17:00"),
        ("Closed Sundays", "when does it open?", "Closed Sundays"),
        ("3,50 €", "how much does it cost?", "3,50 €"),
        ("only $5", "what is the price?", "$5"),
        ("Friday 3 July, 8 pm", "what is the date?", "Friday 3 July"),
        ("https://example.org/a", "what is the url?", "https://example.org/a"),
    ],
)
def test_values_are_found_as_they_are_written(line: str, question: str, value: str) -> None:
    assert value in sentence(question, line)


def test_what_is_not_there_is_not_made_up_and_what_was_read_is_said() -> None:
    assert sentence("what is the phone number?", "FIRE EXIT") == "I found no phone number. What I read is “FIRE EXIT”."
    assert sentence("what is the phone number?") == "I found no text in the photo, so no phone number."


def test_text_is_quoted_line_by_line() -> None:
    assert sentence("", "STOP") == "It says “STOP”."
    assert sentence("", "FIRE EXIT", "Keep clear") == "It says “FIRE EXIT / Keep clear”."


def test_whether_there_is_text_is_answered_with_yes_or_no() -> None:
    assert sentence("is there any text?", "STOP") == "Yes, it says “STOP”."
    assert sentence("is there any text?") == "No, I found no text in the photo."
    assert sentence("") == "I found no text in the photo."


def test_a_guess_is_called_one() -> None:
    assert sentence("", "ST0P", certainty=Certainty.GUESS) == "A guess: “ST0P”."
    assert sentence("what is the price?", "$5", certainty=Certainty.NONE) == "A guess at the price: $5."


@pytest.mark.parametrize(
    ("question", "line", "certainty", "said"),
    [
        ("are there letters beside the clock?", "OHU", Certainty.GUESS, "Yes; a guess at what it says: “OHU”."),
        ("is there a price on it?", "$5", Certainty.FLAT, "Yes, the price is $5."),
        ("is there a price on it?", "$5", Certainty.NONE, "Yes; a guess at the price: $5."),
        ("is there a price on it?", "FIRE EXIT", Certainty.FLAT, "No, I found no price. What I read is “FIRE EXIT”."),
    ],
)
def test_who_asks_whether_there_is_text_gets_yes_or_no(question: str, line: str, certainty: Certainty, said: str) -> None:
    assert sentence(question, line, certainty=certainty) == said
    assert sentence("", "ST0P", certainty=Certainty.PROBABLE) == "It probably says “ST0P”."
    assert sentence("what is the price?", "$5", certainty=Certainty.PROBABLE) == "The price is probably $5."


def test_text_in_an_unknown_script_says_what_can_be_read() -> None:
    assert sentence("", "") == wording.CANNOT_READ
    assert "Chinese" in wording.CANNOT_READ
    assert sentence("", "STOP", "") == "It says “STOP”. I could not read another line."


def test_a_long_text_is_cut_in_the_sentence_and_says_so() -> None:
    long = sentence("", *(f"line {row}" for row in range(20)), more=True)
    assert "line 11 …” and 8 more lines" in long and "There is more text than I read" in long
