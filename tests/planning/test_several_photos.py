"""A question that comes with several photos: which of them are asked what, and what the answer says of them."""

from dataclasses import replace

import pytest

from inference.planning.compose import StepResult, compose
from inference.planning.languages import multilingual
from inference.planning.llm import llm_composer, prompt
from inference.planning.offline import Context, plan_offline
from inference.planning.plan import Planned
from inference.planning.reader.interpret import ONE_AT_A_TIME
from inference.planning.several_photos.names import photo_name


def _planned(message: str, photos: int, outside: int = 0) -> Planned:
    return plan_offline(message, Context(True, photos=photos, earlier_photos=photos - 1 + outside), None, 0.0)


def _steps(planned: Planned) -> list[tuple[str, int]]:
    return [(f"{step.task} {step.question}".strip(), step.before) for step in planned.plan.steps]


@pytest.mark.parametrize(
    ("message", "photos", "step"),
    [
        ("Which one shows a dog?", 3, "vqa is there a dog?"),
        ("In which photo are there people?", 3, "vqa are there any people?"),
        ("Which of these is a cat?", 2, "vqa is there a cat?"),
        ("Which photo has the most people?", 3, "vqa how many people are there?"),
        ("Describe this photo.", 3, "caption"),
        ("Describe the photos", 6, "caption"),
        ("describe them", 2, "caption"),
        ("What colour is the car?", 2, "vqa what colour is the car?"),
        ("Is there a dog in any of the photos?", 2, "vqa is there a dog?"),
        ("Read the text", 3, "read"),
        ("Auf welchem Foto ist ein Hund?", 2, "vqa is there a dog?"),
    ],
)
def test_each_photo_is_asked_the_first_one_first(message: str, photos: int, step: str) -> None:
    planned = _planned(message, photos)
    assert _steps(planned) == [(step, before) for before in reversed(range(photos))]
    assert planned.remark == ""


@pytest.mark.parametrize(
    ("message", "befores"),
    [
        ("What is in the second photo?", [1]),
        ("Describe photo 1", [2]),
        ("Describe the first and the third photo", [2, 0]),
        ("What is in photo 2 and photo 3?", [1, 0]),
        ("Describe the last two photos", [1, 0]),
        ("What is in the last photo?", [0]),
    ],
)
def test_photos_that_are_named_are_the_ones_that_are_asked(message: str, befores: list[int]) -> None:
    assert [before for _, before in _steps(_planned(message, 3))] == befores


def test_a_photo_that_the_question_does_not_have_is_a_sentence() -> None:
    planned = _planned("What is in the fifth photo?", 3)
    assert not planned.plan.steps and planned.plan.why == "This question has 3 photos, so there is no photo 5."
    assert _planned("Describe both photos", 3).remark == "This question has 3 photos, not 2."


@pytest.mark.parametrize(
    ("message", "step"),
    [
        ("Which is brighter?", "vqa how bright is it?"),
        ("what is different?", "caption"),
        ("Compare them", "caption"),
        ("What do they have in common?", "caption"),
        ("Are they the same?", "caption"),
        ("What has changed in the sky?", "vqa what is in the sky?"),
    ],
)
def test_what_no_model_can_compare_is_asked_of_each_and_said(message: str, step: str) -> None:
    planned = _planned(message, 2)
    assert _steps(planned) == [(step, 1), (step, 0)] and planned.remark == ONE_AT_A_TIME


def test_a_comparison_of_two_of_three_leaves_out_the_other() -> None:
    assert _steps(_planned("Are there more dogs in the first photo than in the third?", 3)) == [
        ("vqa how many dogs are there?", 2),
        ("vqa how many dogs are there?", 0),
    ]
    assert _steps(_planned("Compare the first photo with the second", 3)) == [("caption", 2), ("caption", 1)]


def test_the_previous_photo_is_one_of_an_earlier_question() -> None:
    assert _steps(_planned("Describe the previous photo", 3, outside=1)) == [("caption", 3)]


def test_programs_that_send_photos_one_after_another_mean_the_last_one_by_this() -> None:
    steps = _steps(_planned("Are there more dogs in this photo than in the first photo?", 2))
    assert steps == [("vqa how many dogs are there?", 0), ("vqa how many dogs are there?", 1)]


def test_more_steps_than_a_plan_has_are_said() -> None:
    planned = _planned("Describe this photo and count the people", 4)
    assert len(planned.plan.steps) == 6 and "looked at the last 3" in planned.remark


def test_one_photo_is_planned_as_before() -> None:
    assert _steps(_planned("Describe this photo.", 1)) == [("caption", 0)]
    assert _steps(_planned("What is the first word on the sign?", 1))[0][1] == 0


def _results(task: str, question: str, *texts: str, photos: int = 0) -> list[StepResult]:
    count = photos or len(texts)
    return [
        StepResult(n, task, question, text, 0.95, True, (), None, count - n, photos=count) for n, text in enumerate(texts, 1)
    ]


def test_each_sentence_says_which_photo_it_is_about() -> None:
    answer = compose("Describe these", _results("caption", "", "a dog on grass", "a cat on a sofa", "a red car"))
    assert answer.startswith("First photo: ") and "Second photo: " in answer and "Third photo: " in answer


@pytest.mark.parametrize(
    ("texts", "end"),
    [
        (("yes", "no", "no"), "So it is only in the first photo."),
        (("yes", "no", "yes"), "So it is in the first photo and the third photo."),
        (("no", "no", "no"), "So it is in none of them."),
        (("yes", "yes", "yes"), "So it is in each of them."),
    ],
)
def test_where_something_was_seen_is_said(texts: tuple[str, ...], end: str) -> None:
    assert compose("Which one shows a dog?", _results("vqa", "is there a dog?", *texts)).endswith(end)


def test_a_draft_is_about_no_photo() -> None:
    planned = _planned("train a model on cifar10 with 5 devices", 2)
    assert [step.task for step in planned.plan.steps] == ["train"] and "photo" not in planned.plan.why
    (draft,) = _results("train", "train a model", "A run is drafted.", photos=2)
    assert compose("train a model", [draft]) == "A run is drafted."


def test_what_is_unsure_is_not_summed_up() -> None:
    first, second = _results("vqa", "is there a dog?", "yes", "no")
    assert "So it is" not in compose("Which one shows a dog?", [first, replace(second, confidence=0.2, sure=False)])


def test_the_most_is_in_a_photo_by_its_number() -> None:
    answer = compose("Which has more people?", _results("vqa", "how many people are there?", "2", "5"))
    assert answer.endswith("So there are more in the second photo.")


def test_a_difference_is_one_of_the_words_of_the_descriptions() -> None:
    answer = compose("What is different?", _results("caption", "", "a dog on green grass", "a cat on green grass"))
    shared, first, second = "Each description has “green” and “grass”.", "Only that of the first", "Only that of the second"
    assert answer.endswith(f"{shared} {first} photo has “dog”. {second} photo has “cat”.")
    same = compose("Are they the same?", _results("caption", "", "a dog", "a dog"))
    assert same.endswith("The descriptions have the same words.")
    stated, unsure = _results("caption", "", "a dog", "a cat")
    assert "description" not in compose("What is different?", [stated, replace(unsure, confidence=0.01, sure=False)])
    assert "description" not in compose("Describe both", _results("caption", "", "a dog", "a cat"))


def test_other_languages_number_them() -> None:
    (second,) = _results("vqa", "is there a dog?", "yes", "yes")[1:]
    german = multilingual.compose("Ist auf dem zweiten Foto ein Hund?", [replace(second, before=1, photos=3)])
    assert german.startswith("Foto 2: ")


def test_a_language_model_is_told_how_many_there_are_and_which_answer_is_of_which() -> None:
    messages = prompt.messages("Describe these", Context(True, photos=3, earlier_photos=2))
    assert '"photos": 3' in messages[1]["content"]
    results = _results("caption", "", "a dog", "a cat")
    composed = llm_composer.messages("Describe these", results)
    assert "the first photo" in composed[1]["content"] and "the second photo" in composed[1]["content"]
    assert llm_composer.grounded("The first photo shows a dog, the second photo a cat.", "?", results)


def test_names_go_on_with_the_photos_of_earlier_questions() -> None:
    assert [photo_name(before, 2) for before in range(4)] == [
        "the second photo",
        "the first photo",
        "the photo before",
        "the photo two before",
    ]
    assert [photo_name(before) for before in range(2)] == ["this photo", "the photo before"]
