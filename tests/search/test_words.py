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
        ("'; DROP TABLE photos; --", "drop table"),
        ("有猫的照片", "cat"),
        ("is there a meal?", "a meal"),
        ("???", ""),
    ],
)
def test_the_frame_of_the_request_is_left_out(typed: str, about: str) -> None:
    assert words.about(typed) == about


@pytest.mark.parametrize(
    "page, typed, about",
    [
        ("", "un chat", "a cat"),
        ("en", "le poisson", "the fish"),
        ("", "die Tasse", "the cup"),
        ("", "la playa", "the beach"),
        ("fr", "chat", "cat"),
        ("fr", "poissons", "fish"),
        ("es", "flores", "flowers"),
        ("de", "Strand", "beach"),
        ("zh-hans", "猫", "cat"),
        # English stays English: on an English page, and on another where the other language's word names nothing to be seen.
        ("en", "chat", "chat"),
        ("", "hut", "hut"),
        ("de", "a man", "a man"),
        ("de", "man", "man"),
        ("es", "red", "red"),
        ("fr", "a cat", "a cat"),
    ],
)
def test_a_word_that_english_has_too_is_of_the_language_of_its_article_or_page(page: str, typed: str, about: str) -> None:
    assert words.about(typed, page) == about


def test_alike_words_are_near_each_other() -> None:
    side = bundled_text()
    dog, hound, car = (side.unit(text) for text in ("a dog in the grass", "a puppy on the lawn", "a red car on the street"))
    assert dog.shape == (SIZE,) and abs(float(dog @ dog) - 1) < 1e-5
    assert float(dog @ hound) > float(dog @ car) + 0.2
