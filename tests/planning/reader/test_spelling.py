"""Misspelt words are mended before a message is read; names and rare words stay."""

import time

import pytest

from inference.planning.reader.reader import bundled
from inference.planning.reader.words import words_of


@pytest.mark.parametrize(
    "typed, meant",
    [
        ("egs", "eggs"), ("pils", "pills"), ("watter", "water"), ("rabits", "rabbits"), ("nset", "nest"), ("bumber", "bumper"),
        ("scrached", "scratched"), ("refridgerator", "refrigerator"), ("movign", "moving"), ("kichen", "kitchen"),
        ("mnay", "many"),
    ],
)  # fmt: skip
def test_a_slip_becomes_the_likeliest_word(typed: str, meant: str) -> None:
    assert bundled().speller.mended(typed) == meant


@pytest.mark.parametrize("word", ["skarvik", "jetson", "heatsink", "colour", "bollard", "hi", "3rd", "h264", "straße", "url"])
def test_known_words_names_and_codes_stay(word: str) -> None:
    assert bundled().speller.mended(word) == word


def test_real_words_are_never_changed() -> None:
    words = words_of("how many stares has the plain got and is the male in the letter box")
    assert bundled().speller.mend(words) == words


def test_a_long_message_of_rubbish_is_mended_in_time() -> None:
    words = [f"{a}{b}qzx{b}{a}" for a in "abcdefghijklmnopqrst" for b in "abcdefghij"]
    bundled().speller.mended("egs")
    started = time.perf_counter()
    assert len(bundled().speller.mend(words)) == len(words)
    assert time.perf_counter() - started < 10
