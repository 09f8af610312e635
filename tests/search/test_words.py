"""What people type into a search, as words about photos."""

import pytest

from inference.engine.mean_token.space import SIZE
from inference.search import words
from inference.search.text import bundled_text


@pytest.mark.parametrize(
    "typed, about",
    [
        ("show me all photos of a dog on the beach", "a dog on the beach"),
        ("pictures with red cars please", "red cars please"),
        ("find my pics that show a bycicle", "a bicycle"),
        ("Where are my photos of the birthday?", "the birthday"),
        ("dog", "dog"),
        ("Fotos mit Hunden", "dogs"),
        ("photos de chevaux", "horses"),
        ("show me my photos", ""),
        ("'; DROP TABLE photos; --", "drop table photos"),
        ("???", ""),
    ],
)
def test_the_frame_of_the_request_is_left_out(typed: str, about: str) -> None:
    assert words.about(typed) == about


def test_alike_words_are_near_each_other() -> None:
    side = bundled_text()
    dog, hound, car = (side.unit(text) for text in ("a dog in the grass", "a puppy on the lawn", "a red car on the street"))
    assert dog.shape == (SIZE,) and abs(float(dog @ dog) - 1) < 1e-5
    assert float(dog @ hound) > float(dog @ car) + 0.2
