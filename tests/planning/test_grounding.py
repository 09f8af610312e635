"""What a composed answer may state: numbers, names and quotations that the results contain, in whatever form."""

import pytest

from inference.engine.answer import TextLine
from inference.planning.compose import StepResult, compose
from inference.planning.grounding.claims import left_out, sources, unsupported, whole_sentences
from inference.planning.grounding.number_words import numbers_in


def _result(number: int, question: str, text: str, task: str = "vqa", before: int = 0) -> StepResult:
    lines = tuple(TextLine(part, 0.9, 0.1, 0.1, 0.5, 0.2) for part in text.split(" / ")) if task == "read" else ()
    return StepResult(number, task, question, text, 0.9, True, (), None, before, lines=lines)


DOGS = [_result(1, "how many dogs are there?", "2"), _result(2, "what colour are the dogs?", "brown")]


def _stray(text: str, message: str = "How many dogs, what colour?", results: list[StepResult] = DOGS) -> list[str]:
    return unsupported(text, sources(message, results))


@pytest.mark.parametrize(
    "text",
    [
        "There are two dogs, and they are brown.",
        "2 brown dogs.",
        "Brown dogs: two of them.",
        "Both are brown. The second one is brown too.",
        "This one shows the two dogs, and I see brown.",
        "The dogs are “brown”.",
    ],
)
def test_what_the_results_state_may_be_said_in_other_forms(text: str) -> None:
    assert _stray(text) == []


@pytest.mark.parametrize(
    ("text", "stray"),
    [
        ("Two brown dogs and five cats.", ["five"]),
        ("There are 2 dogs, 90 % of them brown.", ["90 %"]),
        ("There are 2 % dogs.", ["2 %"]),
        ("Two dogs, two years old.", ["two years"]),
        ("Two dogs for $2.", ["$2"]),
        ("The third dog is brown.", ["third"]),
        ("The 3rd of two dogs.", ["3rd"]),
        ("Twenty-two brown dogs.", ["Twenty-two"]),
        ("Two hundred dogs.", ["Two hundred"]),
        ("2.5 dogs.", ["2.5"]),
        ("Dozens of dogs.", ["Dozens"]),
        ("Half of the two dogs are brown.", ["Half"]),
        ("Two dogs in Paris.", ["Paris"]),
        ("Paris has two dogs.", ["Paris"]),
        ("Two dogs of John Smith's.", ["John", "Smith's"]),
        ("Two dogs, “good boys”.", ["good boys"]),
        ("Two dogs, see www.dogs.example.", ["www.dogs.example"]),
        ("Write to me@dogs.example about two dogs.", ["me@dogs.example", "Write"]),
    ],
)
def test_what_they_do_not_state_is_named(text: str, stray: list[str]) -> None:
    assert _stray(text) == stray


def test_numbers_of_the_message_support_nothing_unless_the_answer_affirms_them() -> None:
    denied, affirmed = ([_result(1, "are there five dogs?", answer), DOGS[1]] for answer in ("no", "yes"))
    assert _stray("Five brown dogs.", "Are there five brown dogs?", denied) == ["Five"]
    assert _stray("Yes, five brown dogs.", "Are there five brown dogs?", affirmed) == []


def test_names_and_units_of_the_message_may_be_repeated() -> None:
    results = [_result(1, "is this Bello?", "yes"), _result(2, "how many years old is he?", "3")]
    assert _stray("Yes, Bello is three years old.", "Is this Bello, and how many years old is he?", results) == []


def test_text_that_was_read_may_be_quoted_and_supports_nothing_else() -> None:
    results = [DOGS[0], _result(2, "", "Beware of 7 dogs / Rome", "read")]
    assert _stray("Two dogs; the sign says “Beware of 7 dogs / Rome”.", results=results) == []
    assert _stray('Two dogs; it says "beware of 7 dogs".', results=results) == []
    assert _stray("There are seven dogs in Rome.", results=results) == ["seven", "Rome"]
    assert _stray("It says “8 dogs”.", results=results) == ["8 dogs"]
    assert left_out("Two dogs, beware of 7 dogs, Rome.", results) == ["Beware of 7 dogs / Rome"]


def test_what_was_looked_for_in_a_text_may_be_named() -> None:
    results = [DOGS[0], _result(2, "what is the phone number?", "Call Bob / 0207 946 0018", "read")]
    assert _stray("Two dogs; the phone number is 0207 946 0018.", results=results) == []
    assert left_out("Two dogs; the phone number is 0207 946 0018.", results) == []
    assert _stray("Two dogs; call Bob at 0207 946 0018.", results=results) == ["Bob"]
    assert left_out("Two dogs, and there is a phone number.", results) == ["Call Bob / 0207 946 0018"]


def test_a_number_is_not_stated_by_a_longer_one() -> None:
    assert left_out("12 brown dogs.", DOGS) == ["2"] and left_out("Two brown dogs.", DOGS) == []


@pytest.mark.parametrize("before", [0, 1, 2])
def test_our_own_sentences_pass_the_check(before: int) -> None:
    results = [
        _result(1, "how many dogs are there?", "2", before=before),
        _result(2, "is there a cat?", "no", before=before),
        _result(3, "", "two dogs play in the grass", "caption"),
        _result(4, "", "golden retriever", "classify"),
        _result(5, "", "NO DOGS / Fine 50 €", "read"),
    ]
    said = compose("?", results)
    assert _stray(said, "", results) == [] and "“NO DOGS / Fine 50 €”" in said


def test_only_whole_sentences_are_shown_of_an_answer_that_is_being_written() -> None:
    assert whole_sentences("Two dogs. They are br") == "Two dogs."
    assert whole_sentences("It says “STOP. LOOK.” Then") == ""
    assert whole_sentences("Two dogs. It says “STOP. LO") == "Two dogs."
    assert whole_sentences("2.5 dogs") == ""


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("two hundred and five", [("205", "")]),
        ("two, three and four", [("2", ""), ("3", ""), ("4", "")]),
        ("1,000 m", [("1000", "metre")]),
        ("the fourteenth and the 21st", [("14", ""), ("21", "")]),
        ("this one, no one and one of them", []),
        ("one dog", [("1", "")]),
        ("12:30 and 2026-11-30", [("12:30", ""), ("2026-11-30", "")]),
        ("12 km/h or 7 per cent", [("12", "km/h"), ("7", "percent")]),
    ],
)
def test_numbers_are_recognised_in_every_form(text: str, numbers: list[tuple[str, str]]) -> None:
    assert [(number.value, number.unit) for number in numbers_in(text)] == numbers
