"""One's own conversations are searched by all words of titles, questions and answers, in the same way on every database."""

from collections.abc import Callable
from typing import Any

import pytest

from inference.models import Turn
from webapp.chat import conversations
from webapp.chat.library import folding, search
from webapp.chat.library.folding import Piece
from webapp.chat.models import TurnText

Answer = Callable[..., Turn]


def _search(client: Any, words: str, **query: Any) -> Any:
    return client.get("/api/v1/conversations/search", {"words": words, **query})


def _titles(client: Any, words: str) -> list[str]:
    return ["".join(piece["text"] for piece in row["title"]) for row in _search(client, words).json()["items"]]


def _marked(pieces: list[dict[str, Any]]) -> list[str]:
    return [piece["text"] for piece in pieces if piece["match"]]


@pytest.fixture
def dog(owner: Any, answer: Answer) -> Turn:
    return answer(conversations.ask(owner, "What is the DOG doing?"), "Running on the beach in São Paulo.")


@pytest.fixture
def street(owner: Any, answer: Answer) -> Turn:
    return answer(conversations.ask(owner, "Which street is it?"), "It is the Große Straße 100%_x.")


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("dog", "What is the DOG doing?"),
        ("BEACH dog", "What is the DOG doing?"),
        ("unn", "What is the DOG doing?"),  # inside a word
        ("sao paulo", "What is the DOG doing?"),
        ("SÃO", "What is the DOG doing?"),
        ("GROSSE STRASSE", "Which street is it?"),
        ("große", "Which street is it?"),
        ("100%_x", "Which street is it?"),
    ],
)
def test_all_words_are_found_whatever_their_case(
    client_of: Any, owner: Any, dog: Turn, street: Turn, words: str, title: str
) -> None:
    assert _titles(client_of(owner), words) == [title]


@pytest.mark.parametrize("words", ["dog street", "cat", "%", "_", "100%y", "dog' OR 1=1"])
def test_a_word_that_is_nowhere_leaves_nothing(client_of: Any, owner: Any, dog: Turn, words: str) -> None:
    body = _search(client_of(owner), words).json()
    assert (body["items"], body["total"]) == ([], 0)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("هل هناك كلب؟", "كلب"),
        ("Что делает СОБАКА?", "собака"),
        ("有几只狗？", "狗"),
        ("Is 👩‍🚒 there?", "👩‍🚒"),
        ("İstanbul?", "istanbul"),
    ],
)
def test_every_script_is_searched(client_of: Any, owner: Any, question: str, words: str) -> None:
    turn = conversations.ask(owner, question)
    (row,) = _search(client_of(owner), words).json()["items"]
    assert row["id"] == str(turn.conversation) and len(_marked(row["turns"][0]["question"])) == 1


def test_matches_are_marked_in_question_answer_and_title(client_of: Any, owner: Any, dog: Turn) -> None:
    (row,) = _search(client_of(owner), "dog sao the").json()["items"]
    (turn,) = row["turns"]
    assert turn["turn"] == str(dog.pk)
    assert _marked(row["title"]) == ["the", "DOG"] and _marked(turn["question"]) == ["the", "DOG"]
    assert _marked(turn["answer"]) == ["the", "São"]
    assert "".join(piece["text"] for piece in turn["answer"]) == dog.answer


def test_words_may_be_in_different_turns_and_those_with_most_come_first(
    client_of: Any, owner: Any, dog: Turn, answer: Answer
) -> None:
    answer(conversations.ask(owner, "And the cat?", conversation=dog.conversation), "Asleep on the sofa.")
    answer(conversations.ask(owner, "Does the dog see the cat?", conversation=dog.conversation), "No.")
    (row,) = _search(client_of(owner), "dog cat").json()["items"]
    assert [_marked(turn["question"]) for turn in row["turns"]] == [["dog", "cat"], ["cat"], ["DOG"]]


def test_a_title_alone_is_enough(client_of: Any, owner: Any, dog: Turn) -> None:
    client_of(owner).patch(f"/api/v1/conversations/{dog.conversation}", {"title": "Ägypten"}, content_type="application/json")
    (row,) = _search(client_of(owner), "ägypten").json()["items"]
    assert _marked(row["title"]) == ["Ägypten"] and row["turns"] == []


def test_a_new_answer_is_found_and_an_old_one_no_longer(client_of: Any, owner: Any, dog: Turn) -> None:
    assert _titles(client_of(owner), "beach")
    Turn.objects.filter(pk=dog.pk).update(answer="Sleeping.", seq=dog.seq + 1)
    assert not _titles(client_of(owner), "beach") and _titles(client_of(owner), "sleeping")


def test_results_come_in_pages(client_of: Any, owner: Any) -> None:
    for number in range(5):
        conversations.ask(owner, f"Is dog {number} there?")
    pages = [_search(client_of(owner), "dog", limit=2, offset=offset).json() for offset in (0, 2, 4)]
    assert [len(page["items"]) for page in pages] == [2, 2, 1] and {page["total"] for page in pages} == {5}
    assert len({row["id"] for page in pages for row in page["items"]}) == 5


def test_a_colleague_finds_nothing_of_it(client_of: Any, colleague: Any, dog: Turn) -> None:
    assert _search(client_of(colleague), "dog").json()["total"] == 0


def test_a_stranger_is_asked_to_log_in(stranger: Any, dog: Turn) -> None:
    assert _search(stranger, "dog").status_code == 401


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("", "empty_search"),
        (" \n ", "empty_search"),
        ("\u200b", "empty_search"),
        ("x" * 2000, "search_too_long"),
        (" ".join(f"w{number}" for number in range(13)), "search_too_long"),
        ("a\0b", "unsupported_character"),
    ],
)
def test_a_search_that_cannot_be_answered_says_why(client_of: Any, owner: Any, words: str, code: str) -> None:
    error = _search(client_of(owner), words).json()["error"]
    assert error["code"] == code and error["message"].endswith(".") and error["next"].endswith(".")


def test_more_turns_than_one_batch_are_searched(client_of: Any, owner: Any, dog: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "BATCH", 2)
    for number in range(5):
        conversations.ask(owner, f"number {number}", conversation=dog.conversation)
    assert _titles(client_of(owner), "4 beach") and TurnText.objects.count() == 6


def test_deleting_a_conversation_deletes_what_the_search_has_of_it(client_of: Any, owner: Any, dog: Turn) -> None:
    client = client_of(owner)
    assert _titles(client, "dog") and TurnText.objects.exists()
    client.delete(f"/api/v1/conversations/{dog.conversation}")
    assert not TurnText.objects.exists() and not _titles(client, "dog")


def test_an_excerpt_is_short_and_has_the_first_match() -> None:
    text = "filler " * 100 + "the DOG ran " + "filler " * 100
    parts = folding.excerpt(text, ["dog"], 160)
    assert [piece.text for piece in parts if piece.match] == ["DOG"]
    assert parts[0] == Piece("… ", False) and parts[-1] == Piece(" …", False) and sum(len(p.text) for p in parts) < 170
    assert folding.excerpt("x" * 5000, ["y"], 160)[0].text == "x" * 160


@pytest.mark.parametrize("text", ["Straße", "ﬁnding ﬁre", "e\u0301te\u0301", "ΌΣΟΣ", "İi", "a👩‍🚒b", "שָׁלוֹם"])
def test_marking_loses_no_character(text: str) -> None:
    for word in {folding.fold(text), folding.fold(text)[:2], folding.fold(text)[-1:]}:
        parts = folding.pieces(text, [word])
        assert "".join(piece.text for piece in parts) == text and any(piece.match for piece in parts)
