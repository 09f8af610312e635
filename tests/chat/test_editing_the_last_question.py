"""The last question can be edited and sent again. The earlier turn stays as it was, and nothing is lost when it is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError

from inference.answering import planner_usage, turns
from inference.models import Turn
from webapp.chat import conversations
from webapp.chat.library import editing
from webapp.chat.models import Conversation, Replacement
from webapp.live.errors import UserError

Answer = Callable[..., Turn]


@pytest.fixture
def last(turn: Turn, answer: Answer) -> Turn:
    return answer(turn, "A dog.")


def _edit(client: Any, turn: Turn, question: str) -> Any:
    return client.post(f"/api/v1/turns/{turn.pk}/edit", {"question": question}, content_type="application/json")


def test_the_edited_question_is_asked_about_the_same_photo_with_the_same_options(
    client_of: Any, owner: Any, last: Turn
) -> None:
    Turn.objects.filter(pk=last.pk).update(policy="private", route="device")
    answer = _edit(client_of(owner), last, " What colour is it? ")
    body = answer.json()
    assert answer.status_code == 202 and (body["question"], body["state"]) == ("What colour is it?", "queued")
    assert (body["photo"]["id"], body["policy"], body["route"]) == (str(last.photo_id), "private", "device")
    assert body["conversation"] == str(last.conversation)


def test_the_earlier_turn_stays_readable_as_replaced(client_of: Any, owner: Any, last: Turn) -> None:
    client = client_of(owner)
    later = _edit(client, last, "What colour is it?").json()
    rows = client.get(f"/api/v1/conversations/{last.conversation}").json()["turns"]
    assert [(row["question"], row["answer"], row["replaced_by"]) for row in rows] == [
        ("What is in this photo?", "A dog.", later["id"]),
        ("What colour is it?", None, None),
    ]
    assert len(rows[0]["steps"]) == 1


def test_an_edited_question_can_be_edited_again(client_of: Any, owner: Any, last: Turn, answer: Answer) -> None:
    client = client_of(owner)
    second = Turn.objects.get(pk=_edit(client, last, "Two?").json()["id"])
    third = _edit(client, answer(second, "2"), "Three?").json()
    assert Replacement.objects.get(earlier=second).later_id == Turn.objects.get(pk=third["id"]).pk
    assert _edit(client, last, "Four?").json()["error"]["code"] == "not_last"


def test_the_title_follows_until_somebody_renames_it(client_of: Any, owner: Any, last: Turn, answer: Answer) -> None:
    client = client_of(owner)
    second = Turn.objects.get(pk=_edit(client, last, "Which breed is the dog?").json()["id"])
    assert Conversation.objects.get().title == "Which breed is the dog?"
    client.patch(f"/api/v1/conversations/{last.conversation}", {"title": "Rex"}, content_type="application/json")
    _edit(client, answer(second, "A pug."), "How old is it?")
    assert Conversation.objects.get().title == "Rex"


def test_a_later_question_does_not_change_the_title(client_of: Any, owner: Any, last: Turn, answer: Answer) -> None:
    again = answer(conversations.ask(owner, last.question, conversation=last.conversation), "A dog.")
    _edit(client_of(owner), again, "Something else?")
    assert Conversation.objects.get().title == "What is in this photo?"


@pytest.mark.parametrize(
    ("question", "status", "code"),
    [("", 422, "empty_question"), ("  \n", 422, "empty_question"), ("x" * 2001, 422, "question_too_long")],
)
def test_a_refused_edit_changes_nothing(client_of: Any, owner: Any, last: Turn, question: str, status: int, code: str) -> None:
    answer = _edit(client_of(owner), last, question)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code) and answer.json()["error"]["next"]
    assert Turn.objects.count() == 1 and not Replacement.objects.exists()
    last.refresh_from_db()
    assert last.answer == "A dog."


def test_where_too_many_questions_wait_the_earlier_one_is_not_replaced(client_of: Any, owner: Any, last: Turn) -> None:
    owner.turn_limit = 1
    owner.save()
    conversations.ask(owner, "elsewhere")
    assert _edit(client_of(owner), last, "Again?").status_code == 429
    assert not Replacement.objects.exists() and Conversation.objects.get(pk=last.conversation).title == last.question


def test_a_question_that_is_being_answered_is_stopped_first(client_of: Any, owner: Any, turn: Turn) -> None:
    assert _edit(client_of(owner), turn, "Again?").json()["error"]["code"] == "still_running"
    turns.stop(turn)
    assert _edit(client_of(owner), turn, "Again?").status_code == 202


def test_only_the_last_question_is_edited(client_of: Any, owner: Any, last: Turn) -> None:
    conversations.ask(owner, "And the cat?", conversation=last.conversation)
    error = _edit(client_of(owner), last, "Again?").json()["error"]
    assert (error["code"], error["next"]) == ("not_last", "Edit that one, or ask a new one.")


def test_of_two_pages_that_edit_at_once_one_is_refused(owner: Any, last: Turn, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(*_: Any, **__: Any) -> None:
        raise IntegrityError("UNIQUE")

    monkeypatch.setattr(Replacement.objects, "create", taken)
    with pytest.raises(UserError, match="Only the last question"):
        editing.edit(last, "Again?")
    assert Turn.objects.count() == 1


def test_later_questions_refer_to_the_edited_one(owner: Any, last: Turn, answer: Answer) -> None:
    later = answer(editing.edit(last, "What is the cat doing?"), "Sleeping.")
    follow_up = conversations.ask(owner, "And the dog?", conversation=last.conversation)
    assert planner_usage.context_of(follow_up).earlier == ("What is the cat doing?",)
    assert planner_usage.context_of(later).earlier == ()


def test_a_colleague_cannot_edit(client_of: Any, colleague: Any, stranger: Any, last: Turn) -> None:
    assert _edit(client_of(colleague), last, "Mine?").status_code == 404
    assert _edit(stranger, last, "Mine?").status_code == 401
    assert Turn.objects.count() == 1


def test_deleting_the_conversation_deletes_both(client_of: Any, owner: Any, last: Turn) -> None:
    client = client_of(owner)
    _edit(client, last, "Again?")
    assert client.delete(f"/api/v1/conversations/{last.conversation}").status_code == 204
    assert not Turn.objects.exists() and not Replacement.objects.exists()
