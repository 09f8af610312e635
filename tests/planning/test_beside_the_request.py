"""What people write beside their request: prohibitions, wishes about the form, languages, addresses. None of it is a step."""

import time

import pytest

from inference.planning.offline import plan, plan_offline
from inference.planning.replies import NOTHING_ASKED
from inference.planning.rules import asides
from tests.planning.reading import PHOTO, planned


def remark(message: str) -> str:
    return plan_offline(message, PHOTO, None, time.perf_counter()).remark


@pytest.mark.parametrize(
    ("message", "steps"),
    [
        ("Don't describe the picture, just tell me how many dogs there are", ["vqa how many dogs are there?"]),
        ("Do not caption it. What colour is the ball?", ["vqa what colour is the ball?"]),
        ("Describe the photo, but don't mention the weather or the season.", ["caption"]),
        ("Please never guess names, describe the photo", ["caption"]),
        ("Don't start any training, just caption this", ["caption"]),
        ("Describe this photo without mentioning the man.", ["caption"]),
        ("Count the boats instead of describing the photo", ["vqa how many boats are there?"]),
        ("Do not describe the sky, describe the house", ["caption"]),
        ("no need to name the breed, is the dog asleep?", ["vqa is the dog asleep?"]),
    ],
)
def test_what_is_forbidden_makes_no_step(message: str, steps: list[str]) -> None:
    assert planned(message) == steps


@pytest.mark.parametrize("message", ["Don't describe the photo.", "do not count the people!"])
def test_a_message_that_only_forbids_is_asked_what_it_wants(message: str) -> None:
    result = plan(message, PHOTO)
    assert not result.steps and result.why == NOTHING_ASKED


@pytest.mark.parametrize(
    ("message", "steps"),
    [
        ("Don't you see a dog?", ["vqa do you see a dog?"]),
        ("I don't know what this is, can you tell me?", ["classify"]),
        ("Which people do not wear a helmet?", ["vqa which people do not wear a helmet?"]),
    ],
)
def test_a_question_with_a_negation_in_it_forbids_nothing(message: str, steps: list[str]) -> None:
    assert planned(message) == steps


@pytest.mark.parametrize(
    ("message", "steps"),
    [
        ("Describe the scene briefly. Reply with the description only.", ["caption"]),
        ("Describe the picture, focusing on the man at the gate.", ["caption"]),
        ("Describe what you see, focusing on the children.", ["caption"]),
        ("Concentrate on the dog and tell me its breed", ["classify"]),
        ("Be concise. How many cars are visible?", ["vqa how many cars are visible?"]),
        ("Count bicycles visible.", ["vqa how many bicycles are there?"]),
        ("Identify any signs on the walls", ["vqa are there any signs on the walls?"]),
        ("Describe the contents of the uploaded picture", ["caption"]),
        ("Explain the content of the attached photo", ["caption"]),
    ],
)
def test_wishes_about_form_and_focus_are_no_requests(message: str, steps: list[str]) -> None:
    assert planned(message) == steps


@pytest.mark.parametrize(
    ("message", "steps", "said"),
    [
        ("Describe this photo in German", ["caption"], asides.LANGUAGE),
        ("What is in this photo? Please reply in Japanese.", ["caption"], asides.LANGUAGE),
        ("Answer in Polish: what is this?", ["classify"], asides.LANGUAGE),
        ("Return a JSON object with a caption of the image.", ["caption"], asides.FORMAT),
        ("Describe the photo as XML", ["caption"], asides.FORMAT),
        ("caption http://photos.example.org/a/b.png", ["caption"], asides.ADDRESS),
        ("How many dogs? www.example.com/dogs.jpg", ["vqa how many dogs are there?"], asides.ADDRESS),
    ],
)
def test_what_cannot_be_done_for_the_answer_is_said_with_it(message: str, steps: list[str], said: str) -> None:
    assert planned(message) == steps and said in remark(message)


def test_a_message_that_is_only_an_address_is_told_to_add_the_photo() -> None:
    result = plan("https://example.org/dog.jpg", PHOTO)
    assert not result.steps and result.why.startswith(asides.ADDRESS)


@pytest.mark.parametrize("message", ["Describe it in English, please.", "What is in the photo?", "Is the sign in French?"])
def test_nothing_is_said_where_nothing_was_left_undone(message: str) -> None:
    assert remark(message) == ""


def test_the_language_of_a_sign_is_not_the_language_of_the_answer() -> None:
    assert planned("Is the sign in Italian?") == ["vqa is the sign in italian?"]


@pytest.mark.parametrize(
    ("message", "steps"),
    [
        ("how many 🐱", ["vqa how many cats are there?"]),
        ("is there a 🚲 in the photo?", ["vqa is there a bicycle in the photo?"]),
        ("What is this? 🙏🏽", ["classify"]),
    ],
)
def test_an_emoji_in_the_place_of_a_noun_is_that_noun(message: str, steps: list[str]) -> None:
    assert planned(message) == steps


def test_a_question_that_was_not_understood_is_named_beside_the_others() -> None:
    message = "What breed is the dog? Blorb frimmel?"
    assert planned(message) == ["classify"]
    assert "“blorb frimmel” and left it out" in remark(message)


def test_no_part_of_a_message_about_somebodys_pet_is_lost() -> None:
    message = "Hi! This is a photo of my cat. Could you tell me her breed? Also, what is her colour? Thank you!"
    first, second = planned(message)
    assert first == "classify" and "cat" in second


def test_the_same_question_in_other_words_is_asked_once() -> None:
    message = "What is the shape of the table? Is it round, square or something else? Describe the shape briefly."
    assert planned(message) == ["vqa what is the shape of the table?"]


@pytest.mark.parametrize(
    "half",
    ["don't describe the", "in json ", "without mentioning ", "tell me and if it is ", "is it or is ", "focusing on it, "],
)
def test_long_messages_are_read_in_time(half: str) -> None:
    started = time.perf_counter()
    plan((half * 400)[:2000], PHOTO)
    assert time.perf_counter() - started < 3
