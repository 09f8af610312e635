"""A conversation has a title from its first question until somebody renames it; pinned ones are listed first."""

from collections.abc import Callable
from typing import Any

import pytest

from inference.models import Turn
from webapp.chat import conversations
from webapp.chat.library import titles
from webapp.chat.models import TITLE_CHARS, Conversation

FAMILY = "👨‍👩‍👧‍👦"  # one emoji of seven characters


def _change(client: Any, pk: object, **fields: Any) -> Any:
    return client.patch(f"/api/v1/conversations/{pk}", fields, content_type="application/json")


def _listed(client: Any) -> list[str]:
    return [row["title"] for row in client.get("/api/v1/conversations").json()["items"]]


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("What is this?", "What is this?"),
        ("  What\n is \t this? ", "What is this?"),
        ("What\x07is this?", "What is this?"),
        ("dog " * 500, " ".join(["dog"] * 20) + "…"),
        ("x" * 2000, "x" * (TITLE_CHARS - 1) + "…"),
    ],
)
def test_a_title_is_made_from_a_question(question: str, title: str) -> None:
    assert titles.from_question(question) == title and len(title) <= TITLE_CHARS


def test_a_long_title_is_cut_after_a_word_and_never_inside_an_emoji() -> None:
    assert titles.from_question(f"{'word ' * 15}longword and more").endswith("word…")
    for before in range(60, TITLE_CHARS):
        made = titles.from_question("x" * before + FAMILY * 3)
        assert made.removeprefix("x" * before).removesuffix("…").replace(FAMILY, "") == "", made
    accented = titles.from_question("e\u0301" * 100)
    assert len(accented) <= TITLE_CHARS and accented[-2:] == "\u0301…"


@pytest.mark.parametrize("title", ["The dog", FAMILY, "كلب على الشاطئ", "  two \n lines ", "x" * TITLE_CHARS, "狗在海滩上"])
def test_a_conversation_is_renamed(client_of: Any, owner: Any, turn: Turn, title: str) -> None:
    before = Conversation.objects.get().updated
    answer = _change(client_of(owner), turn.conversation, title=title)
    assert answer.status_code == 200 and answer.json()["title"] == " ".join(title.split())
    assert _listed(client_of(owner)) == [" ".join(title.split())]
    assert Conversation.objects.get().updated == before, "its place among the newest stays"


@pytest.mark.parametrize(
    ("title", "code", "message"),
    [
        ("", "empty_title", "The title is empty."),
        (" \n\t ", "empty_title", "The title is empty."),
        ("\u200b\u200e", "empty_title", "The title is empty."),
        ("x" * 2000, "title_too_long", "The title has 2,000 characters; the limit is 80."),
    ],
)
def test_a_title_that_is_none_is_refused_and_the_old_one_stays(
    client_of: Any, owner: Any, turn: Turn, title: str, code: str, message: str
) -> None:
    answer = _change(client_of(owner), turn.conversation, title=title, pinned=True)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["message"]) == (422, code, message) and error["next"]
    row = Conversation.objects.get()
    assert (row.title, row.pinned) == ("What is in this photo?", False)


def test_text_that_cannot_be_stored_is_refused(client_of: Any, owner: Any, turn: Turn) -> None:
    assert _change(client_of(owner), turn.conversation, title="a\0b").json()["error"]["code"] == "unsupported_character"


def test_pinned_ones_come_first_and_then_the_newest(client_of: Any, owner: Any) -> None:
    first, second, third = (conversations.ask(owner, name) for name in ("first", "second", "third"))
    client = client_of(owner)
    assert _listed(client) == ["third", "second", "first"]
    assert _change(client, first.conversation, pinned=True).json()["pinned"] is True
    assert _listed(client) == ["first", "third", "second"]
    _change(client, second.conversation, pinned=True)
    conversations.ask(owner, "more", conversation=third.conversation)
    assert _listed(client) == ["second", "first", "third"]
    _change(client, first.conversation, pinned=False)
    assert _listed(client) == ["second", "third", "first"]


def test_a_colleague_can_neither_rename_nor_pin(client_of: Any, colleague: Any, turn: Turn) -> None:
    for fields in ({"title": "mine"}, {"pinned": True}, {}):
        assert _change(client_of(colleague), turn.conversation, **fields).status_code == 404
    row = Conversation.objects.get()
    assert (row.title, row.pinned) == ("What is in this photo?", False)


def test_a_stranger_is_asked_to_log_in(stranger: Any, turn: Turn) -> None:
    assert _change(stranger, turn.conversation, title="mine").status_code == 401


def test_the_page_has_the_title(client_of: Callable[[Any], Any], owner: Any, turn: Turn) -> None:
    _change(client_of(owner), turn.conversation, title="Tom & <b>Jerry</b>")
    page = client_of(owner).get(f"/c/{turn.conversation}/").content.decode()
    assert "<title>Tom &amp; &lt;b&gt;Jerry&lt;/b&gt; · Isthmus</title>" in page
