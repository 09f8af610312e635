"""A message as the words that the reader sees."""

import pytest

from inference.planning.reader.words import MOST_CHARS, context_words, words_of


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("How many Dogs?", ["how", "many", "dogs", "?"]),
        ("the kid's hat, don’t", ["the", "kid", "'s", "hat", ",", "don't"]),
        ("1) lid on\n\n2) colour", ["1", ")", "lid", "on", "\n", "2", ")", "colour"]),
        ("ho\u200bw ma\u2060ny", ["how", "many"]),
        ("🐕 or 🐺", ["dog", "or", "wolf", "face"]),
        ("see https://a.example/b?c=d now", ["see", "url", "now"]),
        ("mail me at jo@example.org", ["mail", "me", "at", "url"]),
        ("alpha 0.3, 10:45", ["alpha", "0.3", ",", "10:45"]),
        ("ｆｕｌｌ ｗｉｄｔｈ", ["full", "width"]),
        ("", []),
    ],
)
def test_words(message: str, words: list[str]) -> None:
    assert words_of(message) == words


def test_a_word_without_end_is_cut() -> None:
    assert words_of("a" * 10_000) == ["a" * MOST_CHARS]


def test_what_came_before_stands_in_front() -> None:
    earlier = [("one?", "1"), ("what colour is it?", "red"), ("is it big?", "no")]
    words = context_words(earlier, 3, ("run 12",))
    assert words[:4] == ["photos", "3", "run", "12"]
    assert "one" not in words, "only the last two questions are read again"
    assert words[-6:] == ["is", "it", "big", "?", "answered", "no"]
