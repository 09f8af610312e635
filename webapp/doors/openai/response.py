"""An answer in the shape of a chat completion."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from inference.answering import turns
from inference.models import Turn
from inference.planning.llm.completion import BYTES_PER_TOKEN, estimated_tokens
from webapp.doors.openai.request import Chat
from webapp.live.errors import UserError

Json = dict[str, Any]
# What a turn that failed says of why: its sentences are stored, its status is not. Everything else is 503.
STATUS = {
    "no_photo": 400, "no_model": 400, "no_run": 400, "unknown_node": 400, "only_on_device": 400, "photo_lost": 400,
    "internal": 500, "too_many_attempts": 500, "overdue": 504, "waited_too_long": 504,
}  # fmt: skip
STOPPED = UserError("stopped", "The question was stopped before an answer.", "Ask again if you still want to know.", 409)
# An answer that failed is not asked again by itself: each time it would be another question of the conversation.
NO_RETRY = {"x-should-retry": "false"}


def failure(turn: Turn) -> UserError:
    """Why a turn that has ended has no answer."""
    if turn.error is None:
        return STOPPED
    return UserError(turn.error["code"], turn.error["message"], turn.error["next"], STATUS.get(turn.error["code"], 503))


@dataclass(frozen=True)
class Completion:
    """A text in the shape that a request asks for, whole or in chunks. `created`: seconds since 1970."""

    chat: Chat
    name: str
    created: int

    @classmethod
    def of(cls, chat: Chat, turn: Turn) -> "Completion":
        return cls(chat, turn.pk.hex, int(turn.created.timestamp()))

    @classmethod
    def unasked(cls, chat: Chat) -> "Completion":
        """Of what is no question."""
        return cls(chat, uuid4().hex, int(time.time()))

    def whole(self, answer: str, extra: Json) -> Json:
        text, reason = cut(answer, self.chat.most_tokens, self.chat.stop)
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
        return {**self._head("chat.completion"), "choices": [choice], "usage": self._usage(text), "isthmus": extra}

    def first(self) -> Json:
        return self._chunk({"role": "assistant", "content": ""}, None)

    def rest(self, answer: str, extra: Json) -> list[Json]:
        """The text, why it ends there, and the usage if it was asked for; the last chunk has what this server adds."""
        text, reason = cut(answer, self.chat.most_tokens, self.chat.stop)
        chunks = [self._chunk({"content": text}, None), self._chunk({}, reason)]
        if self.chat.with_usage:
            chunks.append({**self._head("chat.completion.chunk"), "choices": [], "usage": self._usage(text)})
        chunks[-1]["isthmus"] = extra
        return chunks

    def _chunk(self, delta: Json, reason: str | None) -> Json:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        usage = {"usage": None} if self.chat.with_usage else {}
        return {**self._head("chat.completion.chunk"), "choices": [choice], **usage}

    def _head(self, kind: str) -> Json:
        return {"id": f"chatcmpl-{self.name}", "object": kind, "created": self.created, "model": self.chat.model}

    def _usage(self, text: str) -> Json:
        """Estimates from the lengths of the texts; photos and the models' own tokens are not in them."""
        said = [text for one in self.chat.earlier for text in (one.question, one.answer)]
        prompt, completion = estimated_tokens([{"content": text} for text in (*said, self.chat.question)], text)
        return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def extra(turn: Turn) -> Json:
    """What OpenAI's shape has no place for."""
    shown = turns.as_json(turn)
    return {
        "conversation": shown["conversation"],
        "turn": shown["id"],
        "photo": shown["photo"],
        "policy": shown["policy"],
        "plan": shown["plan"],
        "receipts": [step["receipt"] for step in shown["steps"]],
    }


def cut(text: str, most_tokens: int | None, stop: Sequence[str]) -> tuple[str, str]:
    """The answer as far as it was asked for, and the finish reason."""
    ends = [at for word in stop if (at := text.find(word)) >= 0]
    text = text[: min(ends)] if ends else text
    if most_tokens is None or len(text.encode()) <= most_tokens * BYTES_PER_TOKEN:
        return text, "stop"
    return text.encode()[: most_tokens * BYTES_PER_TOKEN].decode(errors="ignore"), "length"
