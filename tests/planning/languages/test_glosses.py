"""Messages in other languages become English words, phrase by phrase."""

from pathlib import Path

import pytest

from inference.planning.languages import multilingual
from inference.planning.languages.gloss import in_english
from inference.planning.languages.language import Language, languages, read, words_of

FILE = """[language]
name = Testisch
english = Testish

[to English]
wie, wi = how
wie viele = how many
hund, hundes = dog
feuer = fire
löscher = extinguisher
bitte =

[answers]
dog = Hund

[sentences]
yes = ja
no = nein
"""


@pytest.fixture
def language(tmp_path: Path) -> Language:
    file = tmp_path / "xx.txt"
    file.write_text(FILE, encoding="utf-8")
    return read(file)


@pytest.mark.parametrize(
    "message, english",
    [
        ("Wie viele Hund?", "how many dog?"),  # the longest phrase first
        ("WI Hundes", "how dog"),
        ("Bitte, Hund", ", dog"),
        ("Feuerlöscher", "fire extinguisher"),
        ("Feuerslöscher", "fire extinguisher"),  # with what joins the words of a compound
        ("löshcer", "extinguisher"),
        ("Fensby 12:30", "fensby 12:30"),
    ],
)
def test_phrases_compounds_and_slips_are_known(language: Language, message: str, english: str) -> None:
    assert in_english(language, message) == english


def test_a_line_that_is_no_pair_is_named(tmp_path: Path) -> None:
    file = tmp_path / "yy.txt"
    file.write_text("[to English]\nhund dog\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 2"):
        read(file)


def test_words_are_taken_apart_as_their_script_has_them() -> None:
    assert words_of("L’homme, 3,5 m") == ["l'", "homme", ",", "3,5", "m"]
    assert words_of("有几只狗？") == ["有", "几", "只", "狗", "？"]


@pytest.mark.parametrize("language", languages(), ids=lambda language: language.code)
def test_every_language_has_all_sentences_with_their_places(language: Language) -> None:
    every = {english for other in languages() for english in other.sentences}
    assert language.sentences.keys() == every
    for english, own in language.sentences.items():
        places = {part for part in english.split() if part.startswith("{")}
        assert all(place.strip(".:,") in own for place in places), english
    assert len(language.glosses) > 10_000 and len(language.answers) > 1500


@pytest.mark.parametrize(
    "message, english",
    [
        ("Wie viele Hunde sind auf dem Foto?", "how many dogs are in the picture?"),
        ("Welche Farbe hat das Auto?", "what colour is the car?"),
        ("¿Cuántas personas hay?", "how many people are there?"),
        ("qu'est-ce qui est écrit sur le panneau", "what is written on the sign"),
        ("车是什么颜色的？", "car is what colour?"),
    ],
)
def test_common_questions_read_almost_like_english(message: str, english: str) -> None:
    assert multilingual.plain_english(message) == english


def test_english_stays_as_it_was_typed() -> None:
    for message in ("Is the gate open?", "haha ok cool", "wat colr is teh roof", "read the menu del dia sign"):
        assert multilingual.plain_english(message) == message
