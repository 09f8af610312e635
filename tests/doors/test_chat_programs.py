"""What chat programs send besides a person's words: tools, lists of files, and requests of their own about the conversation."""

import json
from typing import Any

import httpx
import openai
import pytest

from inference.models import Photo, Turn
from tests.conftest import draw_photo
from tests.doors.conftest import Worker, asking, data_url, said
from webapp.chat.models import Conversation
from webapp.doors.openai import request, side_requests

PHOTO = data_url(draw_photo())
TALK = "USER: How many dogs\nare there?\nASSISTANT: Two.\nUSER: And cats?\nASSISTANT: "
TASK = "### Task:\n{what}\n### Output:\nJSON format: {shape}\n### Chat History:\n<chat_history>\n{talk}\n</chat_history>"
CONTINUE = '### Task:\nContinue the text. Reply with {"text": "…"}.\n<chat_history>\n</chat_history>\n<text>How many</text>'
# name -> the messages, the kind, the text that it is answered with
SIDE: dict[str, tuple[list[dict[str, Any]], str, str]] = {
    "a title as JSON": (
        [asking(TASK.format(what="Summarize the chat in a title.", shape='{ "title": "short title" }', talk=TALK))],
        "title", '{"title": "How many dogs are there?"}',
    ),
    "a title before the first answer": (
        [asking(TASK.format(what="Find a title.", shape='{ "title": "…" }', talk="USER: What is it?\nASSISTANT: "))],
        "title", '{"title": "What is it?"}',
    ),
    "a title of nothing": (
        [asking(TASK.format(what="Find a title.", shape='{"title": "…"}', talk=""))], "title", '{"title": "Photo"}',
    ),
    "a title as text": (
        [asking("Write a title of five words for this conversation.\n\nUser: Is it a cat?\nAI: Yes.")],
        "title", "Is it a cat?",
    ),
    "a title after the conversation": (
        [
            asking("What is this?", PHOTO), said("A dog."),
            asking("Please make up a short name. Generate a title that sums up our conversation, without quotes."),
        ],
        "title", "What is this?",
    ),
    "a title by its instructions": (
        [{"role": "system", "content": "Generate concise conversation titles, one title."}, asking("User: Is it red?")],
        "title", "Is it red?",
    ),
    "tags": (
        [asking(TASK.format(what="Find tags.", shape='{ "tags": ["one", "two"] }', talk=TALK))], "tags", '{"tags": []}',
    ),
    "suggestions": (
        [asking(TASK.format(what="Predict messages.", shape='{ "follow_ups": ["…"] }', talk=TALK))],
        "follow_ups", '{"follow_ups": []}',
    ),
    "words to search for": (
        [asking(TASK.format(what="Find queries.", shape='{\n  "queries": ["one"]\n}', talk=TALK))],
        "queries", '{"queries": []}',
    ),
    "the rest of a question": ([asking(CONTINUE)], "text", '{"text": ""}'),
    "a face": ([asking("Show the mood of the speaker as one emoji.\n\nMessage: ```A dog.```")], "emoji", "🙂"),
    "the choice of a tool": (
        [
            {"role": "system", "content": 'Tools: […]. Choose one and return {"tool_calls": [{"name": "…"}]}'},
            asking("Query: What is in this photo?"),
        ],
        "tool_calls", '{"tool_calls": []}',
    ),
}  # fmt: skip
TOO_MUCH = {
    "words for a drawing": TASK.format(what="Describe a picture to draw.", shape='{"prompt": "…"}', talk=TALK),
    "a summary": "### Task:\nSummarize what was said so far.\n\n### Messages:\nUSER: What is this?",
    "several answers in one": "You have been provided with a set of responses from models to “What is it?”: A dog. A cat.",
}


@pytest.mark.parametrize("name", SIDE)
def test_what_a_program_asks_by_itself_is_no_question(client: openai.OpenAI, name: str) -> None:
    """No worker runs, so whatever became a question would never be answered."""
    messages, kind, text = SIDE[name]
    answer = client.chat.completions.create(model="isthmus", messages=messages, max_tokens=1000)
    assert answer.choices[0].message.content == text and answer.choices[0].finish_reason == "stop"
    assert answer.isthmus == {"side_request": kind} and answer.usage.completion_tokens > 0
    chunks = list(client.chat.completions.create(model="isthmus", messages=messages, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == text
    assert chunks[-1].isthmus == {"side_request": kind} and chunks[-1].choices[0].finish_reason == "stop"
    assert not Turn.objects.exists() and not Conversation.objects.exists() and not Photo.objects.exists()


@pytest.mark.parametrize("name", TOO_MUCH)
def test_texts_that_no_model_here_can_write_are_refused(client: openai.OpenAI, name: str) -> None:
    with pytest.raises(openai.BadRequestError, match="the models here answer questions about photos") as raised:
        client.chat.completions.create(model="isthmus", messages=[asking(TOO_MUCH[name])])
    assert raised.value.code == "not_about_a_photo"
    assert not Turn.objects.exists() and not Conversation.objects.exists()


@pytest.mark.parametrize(
    "messages",
    [
        [asking("Suggest a title for this photo.", PHOTO)],
        [asking("What is the title of this book?", PHOTO)],
        [asking("Generate a title for the conversation.", PHOTO)],
        [asking("What is this?", PHOTO), said("A book."), asking("What is its title?")],
        [asking("What is this?", PHOTO), said("Two people."), asking("What does their conversation look like?")],
        [{"role": "system", "content": "Give every conversation a title."}, asking("What is it?", PHOTO)],
        [
            {"role": "system", "content": 'Return {"tool_calls": []} or a text. Generate a title for the chat.'},
            asking("What is this?", PHOTO), said("A dog."), asking("What colour is it?"),
        ],
    ],
)  # fmt: skip
def test_a_question_stays_a_question(messages: list[dict[str, Any]]) -> None:
    body = json.dumps({"model": "isthmus", "messages": messages}).encode()
    assert side_requests.reply(request.read(body)) is None


def test_a_chat_with_all_that_a_program_adds_is_one_conversation(address: str, token: str, worker: Worker) -> None:
    """The order in which a chat program asks: a title at once, the question, suggestions and tags, the next question."""
    files = '<attached_files>\n<file type="file" id="2d5" content_type="image/jpeg" name="dog.jpg"/>\n</attached_files>\n\n'
    first = asking("What is in this photo?", PHOTO)
    first["content"].insert(0, {"type": "text", "text": files})
    tools = [{"type": "function", "function": {"name": "search_notes", "parameters": {"type": "object"}}}]
    header = {"Authorization": f"Bearer {token}"}

    def post(messages: list[dict[str, Any]], **more: Any) -> httpx.Response:
        body = {"model": "isthmus", "messages": messages, **more}
        response = httpx.post(f"{address}/v1/chat/completions", json=body, headers=header, timeout=60)
        assert response.status_code == 200, response.text
        return response

    for what, shape in (
        ("Find a title.", '{"title": "…"}'),
        ("Find tags.", '{"tags": []}'),
        ("Predict.", '{"follow_ups": []}'),
    ):
        post([asking(TASK.format(what=what, shape=shape, talk="USER: What is in this photo?\nASSISTANT: "))], stream=False)
    streamed = post([first], stream=True, tools=tools).text
    assert "You asked: What is in this photo?" in streamed and streamed.rstrip().endswith("data: [DONE]")
    history = [first, said("You asked: What is in this photo?"), asking("What colour is it?")]
    answer = post(history, tools=tools, tool_choice="auto").json()
    assert answer["choices"][0]["message"]["content"] == "You asked: What colour is it?"
    assert [turn.question for turn in Turn.objects.order_by("created")] == ["What is in this photo?", "What colour is it?"]
    assert Conversation.objects.get().title == "What is in this photo?" and Photo.objects.count() == 1


def test_what_a_program_says_about_documents_is_no_part_of_the_question(client: openai.OpenAI, worker: Worker) -> None:
    about = "### Task:\nUse the context.\n### Output:\nCite it.\n<context>\n" + "words " * 1000 + "\n</context>\nWhat is this?"
    client.chat.completions.create(model="isthmus", messages=[asking(about, PHOTO)])
    assert Turn.objects.get().question == "What is this?"


def test_a_chat_that_another_model_began_with_tools_is_continued(client: openai.OpenAI, worker: Worker) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    messages: list[Any] = [
        asking("What time is it?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "noon"},
        said("It is noon."),
        asking("What is this?", PHOTO),
    ]
    client.chat.completions.create(model="isthmus", messages=messages)
    assert [turn.question for turn in Turn.objects.order_by("created")] == ["What time is it?", "What is this?"]


def test_a_text_that_only_looks_like_these_takes_no_time() -> None:
    """Megabytes of what the patterns look for: a quadratic search would take hours."""
    for piece in ("<chat_history>", "<attached_files>", "### Task: <context>", "give title ", "emoji ```", '{ "a" :'):
        body = json.dumps({"model": "isthmus", "messages": [asking(piece * 200_000)]}).encode()
        assert side_requests.reply(request.read(body)) is None
