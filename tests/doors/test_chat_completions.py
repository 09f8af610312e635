"""OpenAI's own client against the running application."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest

from inference.models import Photo, Turn
from inference.placement import policies
from tests.conftest import draw_photo
from tests.doors.conftest import Worker, asking, data_url, drawn_as
from webapp.chat.models import Conversation
from webapp.live.errors import UserError

PHOTO = data_url(draw_photo())


def test_an_answer_with_its_receipts_and_its_conversation(client: openai.OpenAI, worker: Worker, owner: Any) -> None:
    answer = client.chat.completions.create(model="isthmus", messages=[asking("What is this?", PHOTO)])
    assert answer.object == "chat.completion" and answer.model == "isthmus"
    (choice,) = answer.choices
    assert choice.message.content == "You asked: What is this?" and choice.finish_reason == "stop"
    assert answer.usage is not None and answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.completion_tokens > 0
    extra = answer.model_extra["isthmus"]
    turn = Turn.objects.get(pk=extra["turn"])
    assert turn.owner == owner and turn.photo is not None and extra["photo"]["id"] == str(turn.photo_id)
    assert Conversation.objects.get(pk=extra["conversation"]).title == "What is this?"
    assert extra["receipts"] == [] and extra["policy"] == "fastest"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_photos_of_each_kind_are_taken_in_as_uploads_are(client: openai.OpenAI, worker: Worker, kind: str) -> None:
    url = data_url(drawn_as(kind), "image/whatever")  # what the file is decides, not what it is called
    client.chat.completions.create(model="isthmus", messages=[asking("What is this?", url)])
    photo = Photo.objects.get()
    assert photo.source_format == kind and photo.path.read_bytes()[:3] == b"\xff\xd8\xff"


@pytest.mark.parametrize("name", policies.names())
def test_a_model_is_a_policy(client: openai.OpenAI, worker: Worker, name: str) -> None:
    assert f"isthmus-{name}" in {model.id for model in client.models.list()}
    assert client.models.retrieve(f"isthmus-{name}").model_extra["isthmus"]["policy"] == name
    client.chat.completions.create(model=f"isthmus-{name}", messages=[asking("What is this?", PHOTO)])
    assert Turn.objects.get().policy == name


def test_a_stream_ends_with_the_receipts_and_the_usage(client: openai.OpenAI, worker: Worker) -> None:
    with client.chat.completions.create(
        model="isthmus", messages=[asking("What is this?", PHOTO)], stream=True, stream_options={"include_usage": True}
    ) as stream:
        chunks = list(stream)
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"} and len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "You asked: What is this?"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None and chunks[-1].usage.completion_tokens > 0 and not chunks[-1].choices
    assert chunks[-1].model_extra["isthmus"]["turn"] and all("isthmus" not in chunk.model_extra for chunk in chunks[:-1])


def test_a_stream_without_usage_has_the_receipts_in_its_last_chunk(client: openai.OpenAI, worker: Worker) -> None:
    chunks = list(client.chat.completions.create(model="isthmus", messages=[asking("What?", PHOTO)], stream=True))
    assert chunks[-1].choices[0].finish_reason == "stop" and "receipts" in chunks[-1].model_extra["isthmus"]


def test_comments_keep_a_stream_alive_while_the_answer_is_computed(address: str, token: str, worker: Worker) -> None:
    worker.seconds = 5
    body = {"model": "isthmus", "messages": [asking("What is this?", PHOTO)], "stream": True}
    lines = []
    with httpx.stream(
        "POST", f"{address}/v1/chat/completions", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=30
    ) as response:
        assert response.status_code == 200 and response.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in response.iter_lines() if line]
    comments = [line for line in lines if line.startswith(":")]
    assert ": device" in comments and comments.count(": device") >= 2
    assert all(line.startswith((":", "data: ")) for line in lines) and lines[-1] == "data: [DONE]"
    assert json.loads(lines[0].removeprefix("data: "))["choices"][0]["delta"]["role"] == "assistant"


def test_a_failure_within_a_stream_is_raised_by_the_client(client: openai.OpenAI, worker: Worker) -> None:
    def fail(turn: Turn) -> str:
        raise UserError("no_device", "No device is online, so nothing can answer.", "Start one.", 503)

    worker.answer = fail
    with pytest.raises(openai.APIError, match=r"No device is online, so nothing can answer\. Start one\.") as raised:
        list(client.chat.completions.create(model="isthmus", messages=[asking("What?", PHOTO)], stream=True))
    assert raised.value.code == "no_device"


def test_a_question_that_failed_is_a_503_that_no_client_repeats(address: str, token: str, worker: Worker) -> None:
    def fail(turn: Turn) -> str:
        raise UserError("no_device", "No device is online, so nothing can answer.", "Start one.", 503)

    worker.answer = fail
    client = openai.OpenAI(base_url=f"{address}/v1", api_key=token, max_retries=2)
    with client, pytest.raises(openai.InternalServerError) as raised:
        client.chat.completions.create(model="isthmus", messages=[asking("What?", PHOTO)])
    assert raised.value.status_code == 503 and raised.value.code == "no_device" and raised.value.type == "server_error"
    assert Turn.objects.count() == 1


def test_two_calls_at_once_get_their_own_answers(client: openai.OpenAI, worker: Worker) -> None:
    def ask(number: int) -> str | None:
        messages = [asking(f"Question {number}?", data_url(draw_photo(number)))]
        return client.chat.completions.create(model="isthmus", messages=messages).choices[0].message.content

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [f"You asked: Question {number}?" for number in range(4)]
    assert Conversation.objects.count() == 4


def test_an_answer_is_cut_where_it_was_asked_to(client: openai.OpenAI, worker: Worker) -> None:
    worker.answer = lambda turn: "One dog. It runs over the grass."
    messages = [asking("What is this?", PHOTO)]
    cut = client.chat.completions.create(model="isthmus", messages=messages, max_tokens=2)
    assert (cut.choices[0].message.content, cut.choices[0].finish_reason) == ("One dog.", "length")
    stopped = client.chat.completions.create(model="isthmus", messages=messages, stop=[" It"])
    assert (stopped.choices[0].message.content, stopped.choices[0].finish_reason) == ("One dog.", "stop")


def test_harmless_parameters_are_ignored(client: openai.OpenAI, worker: Worker) -> None:
    more: dict[str, Any] = {"temperature": 0.2, "top_p": 1, "seed": 4, "user": "x", "n": 1, "tools": [], "logprobs": False}
    answer = client.chat.completions.create(
        model="isthmus",
        messages=[{"role": "system", "content": "Be brief."}, asking("What is this?", PHOTO)],
        extra_body={**more, "something_new": {"a": 1}},
    )
    assert answer.choices[0].message.content == "You asked: What is this?"
