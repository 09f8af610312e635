"""A program repeats what was said before with every request; here it is one conversation, and a photo is stored once."""

from typing import Any

import openai
import pytest

from inference.answering.planner_usage import context_of
from inference.models import Photo, Turn
from inference.photos.earlier import count_before, photos_before, photos_of
from tests.conftest import draw_photo
from tests.doors.conftest import Worker, asking, data_url, said
from webapp.chat.models import Conversation

FIRST, SECOND, THIRD = (data_url(draw_photo(number)) for number in range(3))


@pytest.fixture
def ask(client: openai.OpenAI, worker: Worker) -> Any:
    return lambda *messages: client.chat.completions.create(model="isthmus", messages=list(messages))


def test_a_further_question_continues_the_conversation(ask: Any) -> None:
    before = [asking("What is this?", FIRST), said("You asked: What is this?")]
    first = ask(before[0])
    second = ask(*before, asking("What colour is it?"))
    assert second.isthmus["conversation"] == first.isthmus["conversation"] and Photo.objects.count() == 1
    third = ask(*before, asking("What colour is it?"), said("You asked: What colour is it?"), asking("Is it large?"))
    assert third.isthmus["conversation"] == first.isthmus["conversation"]
    turns = list(Turn.objects.order_by("created"))
    assert [turn.question for turn in turns] == ["What is this?", "What colour is it?", "Is it large?"]
    assert len({turn.photo_id for turn in turns}) == 1


def test_another_answer_or_photo_is_another_conversation(ask: Any) -> None:
    first = ask(asking("What is this?", FIRST))
    other = ask(asking("What is this?", FIRST), said("A cat."), asking("What colour is it?"))
    photo = ask(asking("What is this?", SECOND), said("You asked: What is this?"), asking("What colour is it?"))
    assert len({one.isthmus["conversation"] for one in (first, other, photo)}) == 3
    assert Photo.objects.count() == 2


def test_what_was_said_elsewhere_is_context_and_says_where_it_is_from(ask: Any) -> None:
    answer = ask(asking("What is this?", FIRST), said("A dog on grass."), asking("What colour is it?"))
    earlier, turn = Turn.objects.filter(conversation=answer.isthmus["conversation"]).order_by("created")
    assert (earlier.question, earlier.answer, earlier.state) == ("What is this?", "A dog on grass.", "answered")
    assert "nothing was computed for it here" in earlier.plan["why"] and not earlier.steps.exists()
    assert turn.photo_id == earlier.photo_id is not None
    context = context_of(turn)
    assert context.earlier == ("What is this?",) and context.has_photo and not context.new_photo
    assert Conversation.objects.get().title == "What is this?"


def test_a_long_history_keeps_its_last_part_and_its_photo(ask: Any) -> None:
    history = [asking("What is this?", FIRST), said("A dog.")]
    for number in range(8):
        history += [asking(f"Question {number}?"), said(f"Answer {number}.")]
    ask(*history, asking("And now?"))
    turns = list(Turn.objects.order_by("created"))
    assert [turn.question for turn in turns] == [*(f"Question {number}?" for number in range(3, 8)), "And now?"]
    assert {turn.photo_id for turn in turns} == {Photo.objects.get().pk}


def test_several_photos_of_a_question_are_photos_of_its_conversation(ask: Any) -> None:
    answer = ask(asking("Which of them has a dog?", FIRST, SECOND, THIRD))
    turn = Turn.objects.get(pk=answer.isthmus["turn"])
    assert turn.photo.source_bytes == len(draw_photo(2)) and len(photos_before(turn)) == 2 == count_before(
        turn, photos_of(turn)
    )
    assert [photo and photo.source_bytes for photo in photos_before(turn)] == [len(draw_photo(1)), len(draw_photo(0))]
    assert context_of(turn).earlier == () and context_of(turn).earlier_photos == 2
    again = ask(
        asking("Which of them has a dog?", FIRST, SECOND, THIRD),
        said("You asked: Which of them has a dog?"),
        asking("And a cat?"),
    )
    assert again.isthmus["conversation"] == answer.isthmus["conversation"] and Photo.objects.count() == 3


def test_messages_in_a_row_are_one_question(ask: Any) -> None:
    ask(asking("Look at this.", FIRST), asking("What is it?"))
    assert Turn.objects.get().question == "Look at this.\nWhat is it?"


def test_instructions_and_greetings_are_no_questions(ask: Any) -> None:
    ask({"role": "system", "content": "You are a pirate."}, said("Ahoy!"), asking("What is it?", FIRST))
    assert Turn.objects.get().question == "What is it?"


def test_the_photo_of_a_deleted_conversation_is_stored_again(ask: Any) -> None:
    from webapp.chat import conversations

    ask(asking("What is this?", FIRST))
    conversations.delete(Conversation.objects.get())
    assert not Photo.objects.exists()
    ask(asking("What is this?", FIRST))
    assert Photo.objects.count() == 1


def test_a_photo_that_somebody_else_sent_is_stored_for_each(ask: Any, address: str, colleague: Any) -> None:
    from webapp.accounts.models import ApiToken

    ask(asking("What is this?", FIRST))
    with openai.OpenAI(base_url=f"{address}/v1", api_key=ApiToken.issue(colleague, "program")[1], max_retries=0) as other:
        other.chat.completions.create(model="isthmus", messages=[asking("What is this?", FIRST)])
    assert Photo.objects.count() == 2 and Photo.objects.filter(owner=colleague).count() == 1
