"""Answers to people's questions are judged as a person who sees the photo would judge them."""

import pytest

from bench.models.people.judge import Judgement, judge
from bench.models.people.question_set import Kind, Question
from bench.models.people.statement import Doubt


def question(
    kind: Kind,
    right: str = "",
    sensible: str = "",
    *,
    wrong: str = "",
    choices: str = "",
    text: str = "what is this?",
    declines_ok: bool = True,
) -> Question:
    lists = (tuple(word for word in words.split("|") if word) for words in (right, sensible, wrong, choices))
    return Question("photos/images/a.jpg", "photos", "held_out", text, kind, *lists, declines_ok)


def verdict(asked: Question, answer: str) -> str:
    return judge(asked, answer).verdict.value


BUS = question(Kind.IDENTIFY, "bus|city bus", "school bus|minibus", declines_ok=False)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("This looks like a bus.", "right"),
        ("Two buses.", "right"),
        ("Buses on a road.", "right"),
        ("A big red bus.", "right"),
        ("This looks like a school bus.", "sensible"),
        ("A trolley bus.", "sensible"),  # an unknown kind of the right thing
        ("This looks like a garbage truck.", "wrong"),
        ("A bus stop.", "wrong"),  # another thing that has the word in its name
        ("Not a bus.", "wrong"),
        ("A man is standing on the street beside a bus.", "wrong"),  # it is not about the bus
        ("A bus is driving along a street.", "right"),
        ("I cannot tell.", "wrong"),  # anyone can, at a glance
    ],
)
def test_a_name_is_right_for_the_thing_itself_and_sensible_for_its_relatives(answer: str, expected: str) -> None:
    assert verdict(BUS, answer) == expected


def test_two_words_that_mean_something_else_are_not_taken_apart() -> None:
    assert verdict(question(Kind.IDENTIFY, "dog"), "This looks like a hot dog.") == "wrong"
    assert verdict(question(Kind.IDENTIFY, "hot dog"), "Hot dogs.") == "right"


def test_an_answer_listed_as_wrong_is_wrong_though_a_shorter_one_fits() -> None:
    assert verdict(question(Kind.IDENTIFY, "bear", wrong="polar bear"), "This looks like a polar bear.") == "wrong"


def test_of_several_guesses_the_first_decides_and_a_later_right_one_is_sensible() -> None:
    assert verdict(BUS, "I am not sure. My best guesses: bus, tram or ox.") == "right"
    assert verdict(BUS, "I am not sure. My best guesses: tram, ox or bus.") == "sensible"
    assert verdict(BUS, "I am not sure. My best guesses: tram, ox or dog.") == "wrong"


HORSES = question(Kind.DESCRIBE, "horse", "grass|hill|lake", wrong="house", declines_ok=False)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("Horses stand on a hill.", "right"),
        ("A horse and a dog on the grass.", "sensible"),  # the subject is right, what is added is not
        ("A dog runs past a horse.", "wrong"),
        ("Green grass on a hill.", "sensible"),
        ("A man is standing on the grass.", "wrong"),
        ("A house near some horses.", "wrong"),
        ("Something.", "wrong"),
        ("I cannot tell.", "wrong"),
    ],
)
def test_a_description_needs_its_subject_and_may_claim_nothing_else_first(answer: str, expected: str) -> None:
    assert verdict(HORSES, answer) == expected


def test_where_a_person_is_shown_it_may_be_called_a_man_or_a_woman() -> None:
    assert verdict(question(Kind.DESCRIBE, "horse", "person"), "Two women on their horses.") == "right"
    assert verdict(question(Kind.DESCRIBE, "horse"), "Two women on their horses.") == "wrong"


YES, NO = question(Kind.YES_NO, "yes"), question(Kind.YES_NO, "no")


@pytest.mark.parametrize(
    ("answer", "says_yes"),
    [
        ("Yes.", True),
        ("No.", False),
        ("I am not sure. My best guess: yes.", True),
        ("Is there a dog: no.", False),
        ("Is there no dog: yes.", False),  # literally
        ("Is there no dog: no.", True),
        ("No, there is no dog.", False),
        ("Yes, there is a dog.", True),
        ("There is no dog.", False),
        ("There is a dog.", True),
        ("I see no dog.", False),
        ("It is not a dog.", False),
        ("I cannot see a dog.", False),
        ("Nobody.", False),
    ],
)
def test_yes_and_no_say_what_the_photo_shows(answer: str, says_yes: bool) -> None:
    assert verdict(YES if says_yes else NO, answer) == "right"
    assert verdict(NO if says_yes else YES, answer) == "wrong"
    assert judge(YES, answer).right_kind is True


def test_a_yes_no_question_is_answered_with_yes_or_no() -> None:
    assert judge(YES, "Dog.").right_kind is False
    assert verdict(YES, "Dog.") == "wrong"


EITHER = question(Kind.EITHER_OR, "outdoors|outside", choices="indoors|outdoors")


@pytest.mark.parametrize(
    ("answer", "expected", "right_kind"),
    [
        ("Outdoors.", "right", True),
        ("It is outside.", "right", True),
        ("Outdoors, not indoors.", "right", True),
        ("Indoors.", "wrong", True),
        ("Yes.", "wrong", False),
        ("Grass.", "wrong", False),
        ("Indoors and outdoors.", "wrong", False),
        ("I cannot tell which.", "declined", None),
    ],
)
def test_a_or_b_is_answered_with_one_of_the_two(answer: str, expected: str, right_kind: bool | None) -> None:
    assert (verdict(EITHER, answer), judge(EITHER, answer).right_kind) == (expected, right_kind)


def test_the_other_choice_is_wrong_though_a_part_of_it_is_sensible() -> None:
    dogs = question(Kind.EITHER_OR, "lab|black lab", "retriever", choices="black lab|golden retriever")
    assert [verdict(dogs, answer) for answer in ("Golden retriever.", "Retriever.", "Lab.")] == ["wrong", "sensible", "right"]


@pytest.mark.parametrize(
    ("answer", "expected", "right_kind"),
    [
        ("Five.", "right", True),
        ("5", "right", True),
        ("There are five horses.", "right", True),
        ("Four.", "sensible", True),
        ("Several.", "sensible", True),
        ("Two.", "wrong", True),
        ("A pair.", "wrong", True),
        ("None.", "wrong", True),
        ("Brown.", "wrong", False),
    ],
)
def test_how_many_is_answered_with_a_number(answer: str, expected: str, right_kind: bool) -> None:
    horses = question(Kind.NUMBER, "5", "4|6|several", text="how many horses are there?")
    assert (verdict(horses, answer), judge(horses, answer).right_kind) == (expected, right_kind)


@pytest.mark.parametrize("answer", ["None.", "Zero.", "0", "Nobody.", "There are no people.", "I see no people."])
def test_none_is_a_number(answer: str) -> None:
    assert verdict(question(Kind.NUMBER, "0"), answer) == "right"


@pytest.mark.parametrize(
    ("answer", "expected", "right_kind"),
    [
        ("Green.", "right", True),
        ("Green and white.", "right", True),
        ("Light green.", "right", True),
        ("Gray.", "sensible", True),
        ("Green and red.", "sensible", True),
        ("Red.", "wrong", True),
        ("Shirt.", "wrong", False),
    ],
)
def test_a_colour_is_answered_with_colours(answer: str, expected: str, right_kind: bool) -> None:
    bus = question(Kind.COLOUR, "green|white", "grey")
    assert (verdict(bus, answer), judge(bus, answer).right_kind) == (expected, right_kind)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("The sign says “DRY CHEMICAL”.", "right"),
        ("Drychemical", "right"),
        ("It reads: CHEMICAL.", "sensible"),
        ("Stop.", "wrong"),
        ("I found no text in the photo.", "declined"),
    ],
)
def test_text_may_stand_anywhere_in_the_answer(answer: str, expected: str) -> None:
    assert verdict(question(Kind.READ, "dry chemical", "chemical"), answer) == expected


def test_a_time_is_read_from_its_digits() -> None:
    clock = question(Kind.READ, "8 25", "8 30")
    assert [verdict(clock, answer) for answer in ("8:25", "It is 8:30.", "9:25")] == ["right", "sensible", "wrong"]


@pytest.mark.parametrize("answer", ["I cannot tell.", "There is no elephant.", "I see no elephant in this photo.", "None."])
def test_what_is_not_there_is_rightly_declined_or_called_absent(answer: str) -> None:
    assert verdict(question(Kind.ABSENT), answer) == "right"


def test_what_is_not_there_has_no_colour() -> None:
    judgement = judge(question(Kind.ABSENT), "Grey. That is, if there is an elephant at all.")
    assert judgement == Judgement(judgement.verdict, Doubt.FLAT)
    assert judgement.verdict.value == "wrong"


def test_a_name_that_no_photo_can_tell_is_rightly_refused() -> None:
    who = question(Kind.OUT_OF_SCOPE, "eileen collins", "woman", text="who is this?")
    assert judge(who, "A photo does not say who somebody is.", refused=True).verdict.value == "right"
    assert [verdict(who, answer) for answer in ("I cannot tell.", "Woman.", "Horse.")] == ["right", "sensible", "wrong"]


def test_a_request_that_was_not_understood_is_no_honest_decline() -> None:
    assert judge(question(Kind.PLACE, "beach"), "I did not understand this request.", refused=True).verdict.value == "wrong"
    assert judge(question(Kind.PLACE, "beach"), "I cannot tell.").verdict.value == "declined"


@pytest.mark.parametrize("answer", ["On the beach.", "At a sandy beach.", "Beach."])
def test_a_place_may_have_words_before_it(answer: str) -> None:
    assert verdict(question(Kind.PLACE, "beach"), answer) == "right"


def test_an_action_is_not_another_with_the_same_verb() -> None:
    riding = question(Kind.ACTION, "riding|riding horse")
    assert [verdict(riding, answer) for answer in ("Riding a horse.", "Riding.", "Riding a bike.")] == [
        "right",
        "right",
        "wrong",
    ]
