"""What a chat completion says: its text without the model's thoughts, and its tokens."""

import json
import re
from dataclasses import dataclass
from typing import Any

from inference.planning.llm.dialect import TOOL
from inference.planning.llm.failures import CONTENT_FILTER, Refused, Truncated, Unreadable

CUT = frozenset({"length", "model_length", "max_tokens"})  # what servers call the end at the limit of tokens
BYTES_PER_TOKEN = 4  # of English text and JSON, roughly
MOST_TOKENS = 100_000_000
_TAG = r"(?:think|thinking|thought|reasoning)"
_THOUGHTS_BEGIN = re.compile(rf"[<\[]{_TAG}[>\]]", re.IGNORECASE)
_THOUGHTS_END = re.compile(rf"[<\[]/{_TAG}[>\]]", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """Of a streamed answer."""

    text: str
    finish_reason: str
    refusal: str
    tokens: tuple[int, int] | None


def text_of(body: bytes) -> str:
    """The text of the answer, or the arguments of the call of our function. Raises Refused, Truncated or Unreadable."""
    try:
        choice = json.loads(body)["choices"][0]
        message = choice["message"]
        refusal, ended = message.get("refusal"), choice.get("finish_reason")
        text = _arguments(message) or _content(message.get("content"))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable from error
    check_end(ended, refusal)
    # A lone surrogate is valid JSON but can be neither sent nor stored; nor can NUL.
    return without_thoughts(text.encode("utf-8", "replace").decode().replace("\0", ""))


def check_end(finish_reason: object, refusal: object) -> None:
    if refusal or finish_reason == CONTENT_FILTER:
        raise Refused
    if isinstance(finish_reason, str) and finish_reason.lower() in CUT:
        raise Truncated


def without_thoughts(text: str) -> str:
    """What follows the thoughts of a model. Some servers leave out the opening tag, which is then part of their prompt; without
    the closing one there is nothing but thoughts."""
    return _THOUGHTS_BEGIN.split(_THOUGHTS_END.split(text)[-1])[0]


def tokens_of(body: bytes) -> tuple[int, int] | None:
    """Prompt and completion tokens as counted by the server; None if it did not count."""
    try:
        usage = json.loads(body)["usage"]
        return _counts(usage["prompt_tokens"], usage["completion_tokens"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def piece_of(chunk: Any) -> Piece:
    """The package builds chunks unchecked, so any attribute may be missing or of another type: TypeError or AttributeError."""
    choices = chunk.choices or ()
    text = "".join(_content(choice.delta.content) for choice in choices)
    ends = [str(choice.finish_reason) for choice in choices if choice.finish_reason]
    refusals = [str(choice.delta.refusal) for choice in choices if getattr(choice.delta, "refusal", None)]
    tokens = _counts(chunk.usage.prompt_tokens, chunk.usage.completion_tokens) if chunk.usage else None
    return Piece(text, "".join(ends[:1]), "".join(refusals[:1]), tokens)


def estimated_tokens(messages: list[dict[str, str]], answer: str) -> tuple[int, int]:
    return sum(_estimate(message["content"]) for message in messages), _estimate(answer)


def _counts(*counts: object) -> tuple[int, int] | None:
    """None for what cannot be numbers of tokens."""
    tokens_in, tokens_out = (count if type(count) is int and 0 <= count <= MOST_TOKENS else None for count in counts)
    return None if tokens_in is None or tokens_out is None else (tokens_in, tokens_out)


def _estimate(text: str) -> int:
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def _arguments(message: dict[str, Any]) -> str:
    for call in message.get("tool_calls") or ():
        if call["function"]["name"] == TOOL:
            arguments = call["function"]["arguments"]
            return arguments if isinstance(arguments, str) else json.dumps(arguments)
    return ""


def _content(content: object) -> str:
    """Some servers part the content; what is no text in it are thoughts."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if part.get("type") == "text")
    return content if isinstance(content, str) else ""
