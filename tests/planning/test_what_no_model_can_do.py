"""Requests that no model here can do are answered with the reason, not with a guess; and what is known needs no model."""

import time

import pytest

from inference.planning.languages.language import unknown_language
from inference.planning.offline import Context, plan, plan_offline
from inference.planning.replies import WELCOME
from inference.planning.rules import limits
from tests.planning.reading import PHOTO, planned

TWO = Context(True, ("What is in this photo?",), True, ("a dog",), earlier_photos=1)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("When was this picture taken?", limits.METADATA),
        ("On which day was the photo taken?", limits.METADATA),
        ("What phone was this shot with?", limits.METADATA),
        ("Show me the EXIF data", limits.METADATA),
        ("What is the latitude of this place?", limits.METADATA),
        ("Who took this photo?", limits.METADATA),
        ("What's the name of my cat?", limits.NAMES),
        ("what are the names of the couple?", limits.NAMES),
        ("which street is it? i need the exact address", limits.NAMES),
        ("What is his name?", limits.NAMES),
        ("Write 20 keywords for this photo", limits.TAGS),
        ("Give me Instagram hashtags", limits.TAGS),
        ("Classify this. Pick one of the following options: cat, dog, none", limits.CHOOSE),
        ("Choose from: delivery, visitor, nothing", limits.CHOOSE),
        ("What is the meaning of this picture?", limits.MEANING),
        ("Explain the symbolism of the image", limits.MEANING),
        ("What does this photo mean?", limits.MEANING),
    ],
)
def test_the_reason_is_said(message: str, why: str) -> None:
    result = plan(message, PHOTO)
    assert result.steps == [] and result.why == why


@pytest.mark.parametrize(
    "message",
    [
        "Compare these two photos",
        "What are the differences between the two pictures?",
    ],
)
def test_two_photos_are_not_compared_by_looking_at_one(message: str) -> None:
    result = plan(message, TWO)
    assert result.steps == [] and result.why == limits.TWO_PHOTOS


@pytest.mark.parametrize(
    ("message", "question"),
    [
        ("Which of the two images is darker?", "how dark is it?"),
        ("Are there more dogs in the second picture than in the first one?", "how many dogs are there?"),
    ],
)
def test_what_two_photos_are_compared_by_is_asked_of_each(message: str, question: str) -> None:
    result = plan(message, TWO)
    assert [(step.question, step.before) for step in result.steps] == [(question, 1), (question, 0)]


@pytest.mark.parametrize(
    "message",
    [
        "Cosa sono queste cose nella foto?",
        "Quantos cachorros estão nesta imagem?",
        "Ile psów jest na tym zdjęciu?",
        "На фото есть собака?",
        "写真には何が写っていますか",
        "كم كلبا في هذه الصورة؟",
    ],
)
def test_another_language_is_not_handed_to_an_english_model(message: str) -> None:
    result = plan(message, PHOTO)
    assert result.steps == [] and result.why == unknown_language()


def test_what_can_be_answered_is_answered_and_the_rest_is_said() -> None:
    message = "Where was this taken? Use the GPS metadata."
    answered = plan_offline(message, PHOTO, None, time.perf_counter())
    assert limits.METADATA in f"{answered.plan.why} {answered.remark}"


@pytest.mark.parametrize(
    "message",
    [
        "What is the resolution of this photo?",
        "What are the dimensions of the image?",
        "How big is this picture?",
        "How many pixels?",
    ],
)
def test_the_size_of_a_photo_is_known(message: str) -> None:
    result = plan(message, Context(True, size=(1024, 768)))
    assert result.steps == [] and "1024 × 768 pixels" in result.why


@pytest.mark.parametrize("message", ["Are you sure?", "are you certain about that?", "How confident are you?", "Really?"])
def test_a_doubt_is_answered_with_the_confidence_of_the_answer_before(message: str) -> None:
    context = Context(
        True, ("How many dogs?",), answers=("two",), certainty="Of the answer before: two: a guess, confidence 0.31."
    )
    result = plan(message, context)
    assert result.steps == [] and "confidence 0.31" in result.why


@pytest.mark.parametrize("message", ["Tell me more", "more details please", "What else do you see?", "go on"])
def test_more_is_a_description(message: str) -> None:
    assert planned(message, "What is this?") == ["caption"]


@pytest.mark.parametrize("message", ["Thank you!", "thanks a lot", "Cheers"])
def test_thanks_are_met_with_a_courtesy(message: str) -> None:
    assert plan(message, PHOTO).why == WELCOME


@pytest.mark.parametrize(
    ("message", "steps"),
    [
        ("Describe the woman's outfit.", ["vqa what is the woman wearing?"]),
        ("describe the clothes of the boy", ["vqa what is the boy wearing?"]),
        ("Describe her clothing.", ["vqa what is she wearing?"]),
        ("What is the person holding and are they smiling?", ["vqa what is the person holding?", "vqa is the person smiling?"]),
        (
            "What is the driver wearing, and do they have glasses?",
            ["vqa what is the driver wearing?", "vqa does the driver have glasses?"],
        ),
        ("What is the man holding and is it red?", ["vqa what is the man holding?", "vqa is the {1} red?"]),
    ],
)
def test_people_and_their_clothes_are_asked_about_as_such(message: str, steps: list[str]) -> None:
    assert planned(message) == steps


@pytest.mark.parametrize(
    ("message", "step"),
    [
        ("How many price tags are there?", "how many price tags are there?"),
        ("Are there any tags on the bag?", "are there any tags on the bag?"),
        ("What is the man picking from the tree?", "what is the man picking from the tree?"),
        ("What are the pictures on the wall showing?", "what are the pictures on the wall showing?"),
    ],
)
def test_a_question_about_something_in_the_photo_is_asked(message: str, step: str) -> None:
    assert planned(message) == [f"vqa {step}"]
