"""Questions generated from captions: correct where captions agree, none where they contradict, balanced answers."""

import os
import subprocess
import sys
from collections import Counter

from inference.lab.data import questions
from inference.lab.data.texts import mirror


def _photo(image: str, *captions: str) -> dict[str, object]:
    return {"image": image, "captions": list(captions)}


def _asked(*captions: str) -> dict[str, str]:
    """question -> answer for one photo, without yes/no questions, which need other photos. `per_answer` never applies."""
    return {q.text: q.answer for q in questions.make([_photo("a", *captions)], per_answer=100) if q.kind != "yesno"}


def test_a_count_two_captions_agree_on_is_asked() -> None:
    assert _asked("Two dogs run .", "Two brown dogs in a park .", "Dogs .")["how many dogs are there?"] == "2"


def test_a_contradicted_count_is_not_asked() -> None:
    assert not [text for text in _asked("Two dogs run .", "Three dogs run .", "Two dogs .") if "many" in text]


def test_a_single_animal_is_counted_only_if_no_caption_mentions_several() -> None:
    assert _asked("A dog runs .", "The dog jumps .")["how many dogs are there?"] == "1"
    assert not [text for text in _asked("A dog runs .", "A dog by a crowd .") if "many" in text]


def test_colours_come_from_the_preceding_word_and_contradictions_are_dropped() -> None:
    selected = _asked("A man in a red shirt .", "A man wears a red shirt .")
    assert "red" in {answer for text, answer in selected.items() if text.endswith("is the shirt?")}
    assert not [text for text in _asked("A red ball .", "A blue ball .") if "ball?" in text and "colo" in text]


def test_a_two_coloured_animal_has_no_one_colour() -> None:
    assert not [text for text in _asked("A black and white dog .", "A white dog .") if "colo" in text]


def test_what_a_person_holds_is_asked() -> None:
    assert _asked("A boy is holding a big red ball .", "A boy .")["what is the boy holding?"] == "ball"


def test_the_most_frequent_place_is_asked() -> None:
    assert "beach" in _asked("A dog on the beach .", "A dog at the beach .", "A dog .").values()


def test_yes_and_no_come_in_equal_numbers_about_the_same_thing() -> None:
    dogs = [_photo(f"dog{n}", "A dog runs .", "A brown dog .") for n in range(30)]
    cats = [_photo(f"cat{n}", "A cat sits .", "A grey cat .") for n in range(30)]
    yes_no = [q for q in questions.make([*dogs, *cats]) if q.kind == "yesno"]
    for thing in ("dog", "cat"):
        selected = [q for q in yes_no if f" {thing}" in q.text]
        assert selected and Counter(q.answer for q in selected)["yes"] == len(selected) / 2
        assert all((q.answer == "yes") == q.photo.startswith(thing) for q in selected)


def test_no_is_never_the_answer_for_what_a_caption_may_mean() -> None:
    men = [_photo(f"man{n}", "A man walks .", "A man .") for n in range(20)]
    people = [_photo(f"people{n}", "People at a lake .", "A group of people .") for n in range(20)]
    generated = questions.make([*men, *people])
    assert not [
        q
        for q in generated
        if q.photo.startswith("people") and q.text in ("is there a man?", "can you see a man?") and q.answer == "no"
    ]


def test_no_answer_of_a_kind_exceeds_its_share() -> None:
    red = [_photo(f"r{n}", "A red ball .", "A red ball .") for n in range(60)]
    rest = [_photo(f"{c}{n}", f"A {c} ball .", f"The {c} ball .") for c in ("blue", "green", "white") for n in range(5)]
    colours = Counter(q.answer for q in questions.make([*red, *rest]) if q.kind == "colour")
    assert colours["red"] <= 2 * 75 / 4 + 1 and colours["blue"] == 5


def test_the_same_captions_give_the_same_questions() -> None:
    photos = [_photo(f"p{n}", "A man rides a red bike .", "A man on a bike .", "A man .") for n in range(8)]
    assert questions.make(photos, seed=3) == questions.make(photos, seed=3)


def test_a_mirrored_photo_has_its_sides_exchanged_in_the_question() -> None:
    assert mirror("what is left of the chair right of it") == "what is right of the chair left of it"


def test_another_process_generates_the_same_questions() -> None:
    program = (
        "from inference.lab.data import questions\n"
        "captions = ['A man and a girl sit with a dog .', 'A girl and a dog and a man are sitting .'] * 2\n"
        "print(questions.make([{'image': 'a', 'captions': captions}], per_answer=100))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in "123"
    }
    assert len(outputs) == 1 and b"doing" in outputs.pop()
