"""What a request for a chat completion says, read strictly where it matters and leniently where it does not. Pure but for
the sentences of its refusals."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError

from webapp.doors.history import Exchange
from webapp.doors.sent_photos import NOT_BASE64, decoded
from webapp.gate.shapes import BadParameter
from webapp.live.errors import UserError
from webapp.live.storable import storable

MOST_MESSAGES = 2000
DATA_URL = re.compile(r"data:[\w.+-]*/?[\w.+-]*(?:;[\w.+-]+=[^;,]*)*;base64,", re.IGNORECASE)
NOT_JSON = UserError("invalid_json", "The request body is not a JSON object.", "Send one, encoded in UTF-8.", 400)
AS_DATA = "Send the photo itself: “data:image/jpeg;base64,…”."
# What programs put before a person's words: a list of files, and instructions with the text of documents. Bound to the start
# and in its length, so that no text takes long.
ADDED = re.compile(
    r"\A\s*(?:<attached_files>.*?</attached_files>\s*)?(?:### Task:(?:(?!<chat_history>).){0,200000}</context>)?", re.DOTALL
)
NOTHING: tuple[Any, ...] = (None, False, 0, "", [], {})


class ImageUrl(BaseModel):
    url: str


class Part(BaseModel):
    type: str
    text: str = ""
    image_url: ImageUrl | str | None = None


class Message(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None


class StreamOptions(BaseModel):
    include_usage: bool | None = False


class Body(BaseModel):
    """The parameters that have an effect. UNSUPPORTED are refused, all others are accepted and ignored."""

    model: str
    messages: list[Message] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    stop: str | list[str] | None = None


# What would change the answer in ways that are impossible here: when it is harmless, and why it is refused. Tools that are
# offered are harmless: a model may leave them alone, and chat programs offer theirs with every question.
UNSUPPORTED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "n": (lambda value: value in (None, 1), "There is one answer to a question."),
    "tool_choice": (lambda value: value in (None, "none", "auto"), "The models here call no tools."),
    "function_call": (lambda value: value in (None, "none", "auto"), "The models here call no functions."),
    "logprobs": (lambda value: value in NOTHING, "There are no log probabilities; receipts have a calibrated confidence."),
    "top_logprobs": (lambda value: value in NOTHING, "There are no log probabilities; receipts have a calibrated confidence."),
    "response_format": (lambda value: value in (None, {"type": "text"}), "Answers are plain text."),
    "modalities": (lambda value: value in (None, [], ["text"]), "Answers are plain text."),
    "audio": (lambda value: value in NOTHING, "Answers are plain text."),
}


@dataclass(frozen=True)
class Chat:
    """A request, read."""

    model: str
    question: str
    photos: Sequence[bytes]
    earlier: Sequence[Exchange]
    stream: bool = False
    with_usage: bool = False  # in a chunk of its own at the end of a stream
    most_tokens: int | None = None
    stop: Sequence[str] = ()
    instructions: str = ""  # followed by no model here, but they say what a program wants that asks by itself


def read(body: bytes) -> Chat:
    """Raises UserError, for a parameter with its path."""
    values = _json(body)
    for name, (harmless, why) in UNSUPPORTED.items():
        if name in values and not harmless(values[name]):
            raise BadParameter(name, f"“{name}” is not supported. {why}", "Leave it out.", code="unsupported_parameter")
    try:
        parsed = Body.model_validate(values)
    except ValidationError as error:
        raise _invalid(error) from None
    exchanges, question = _exchanges(parsed.messages)
    stops = [parsed.stop] if isinstance(parsed.stop, str) else parsed.stop or []
    return Chat(
        parsed.model,
        question.text,
        question.photos,
        exchanges,
        bool(parsed.stream),
        bool(parsed.stream_options and parsed.stream_options.include_usage),
        parsed.max_completion_tokens or parsed.max_tokens,
        [text for text in stops if text],
        "\n".join(_words(message, "").text for message in parsed.messages if message.role in ("system", "developer")),
    )


def _json(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        raise NOT_JSON from None
    if not isinstance(values, dict):
        raise NOT_JSON
    return storable(values)


def _invalid(error: ValidationError) -> BadParameter:
    first = error.errors(include_url=False, include_input=False)[0]
    path = [str(part) for part in first["loc"] if part not in ("str", "ImageUrl", "list[Part]")]
    where = ".".join(path)
    return BadParameter(where, f"{where}: {first['msg'].rstrip('.')}.", "See OpenAI's reference of chat completions.")


@dataclass
class _Words:
    text: str
    photos: list[bytes]


def _exchanges(messages: Sequence[Message]) -> tuple[list[Exchange], _Words]:
    """What was said before, and the question. Consecutive messages of the person are one. Instructions (`system`,
    `developer`) are not for models that answer questions about photos, nor is what tools returned to another model; what an
    assistant says first answers nothing."""
    exchanges: list[Exchange] = []
    asked: _Words | None = None
    replied = ""
    for number, message in enumerate(messages):
        words = _words(message, f"messages.{number}.content")
        if message.role == "user":
            if asked is not None and replied:
                exchanges.append(Exchange(asked.text, replied, asked.photos))
                asked, replied = None, ""
            asked = _Words("\n".join(filter(None, (asked.text, words.text))), asked.photos + words.photos) if asked else words
        elif message.role == "assistant" and asked is not None:
            replied = "\n".join(filter(None, (replied, words.text)))
    if asked is None or replied:
        where = f"messages.{len(messages) - 1}.role"
        raise BadParameter(where, "The last message is not a question.", "End with a message whose role is “user”.")
    return exchanges, asked


def _words(message: Message, where: str) -> _Words:
    if message.content is None or isinstance(message.content, str):
        return _Words(_own(message.content or "", message.role), [])
    texts, photos = [], []
    for number, part in enumerate(message.content):
        if part.type in ("text", "refusal"):
            texts.append(part.text)
        elif part.type == "image_url" and message.role == "user":
            photos.append(_photo(part, f"{where}.{number}.image_url"))
        elif message.role == "user":
            sentence = f"Content of type “{part.type[:40]}” is not supported."
            raise BadParameter(f"{where}.{number}.type", sentence, "Send “text” and “image_url”.", code="unsupported_content")
    return _Words(_own("\n".join(filter(None, (text.strip() for text in texts))), message.role), photos)


def _own(text: str, role: str) -> str:
    return (ADDED.sub("", text) if role == "user" else text).strip()


def _photo(part: Part, where: str) -> bytes:
    url = part.image_url.url if isinstance(part.image_url, ImageUrl) else part.image_url or ""
    if url[:8].lower().startswith(("http://", "https://")):
        raise BadParameter(where, "This server fetches no photos from other addresses.", AS_DATA, code="photo_not_fetched")
    start = DATA_URL.match(url[:200])
    if start is None:
        raise BadParameter(where, "The address of the photo is not a base64 data URL.", AS_DATA, code="not_a_data_url")
    try:
        return decoded(url[start.end() :])
    except UserError:
        raise BadParameter(where, NOT_BASE64.message, NOT_BASE64.next, code=NOT_BASE64.code) from None
