"""Side requests: what chat programs want to know about a conversation without anybody having typed it, such as a title for
their list, tags, suggestions, words for a web search.

None is about a photo, so none becomes a question: each is answered from its own words, without a turn, a conversation or a
model.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from webapp.chat.library import titles
from webapp.doors.openai.request import Chat
from webapp.live.errors import UserError

NOT_ABOUT_A_PHOTO = UserError(
    "not_about_a_photo",
    "This asks for a text, and the models here answer questions about photos.",
    "Choose another model for such requests in the settings of your program.",
    400,
)
MOST_CHARS = 10_000  # whatever is longer is refused as a question, and is not searched here
UNTITLED = "Photo"
EMOJI = "🙂"
# By the key of the JSON that a program expects: what is left to a model, and may be nothing.
EMPTY: Mapping[str, object] = {"tags": [], "follow_ups": [], "queries": [], "text": "", "tool_calls": []}
_TRANSCRIPT = re.compile(r"<(chat_history|conversation|messages|transcript)>(.*)</\1>", re.IGNORECASE | re.DOTALL)
# How programs begin what they have written for a model, and nobody begins a question.
_TEMPLATE = re.compile(r"\A\s*(?:#{1,4} Task:|You have been provided with a set of responses\b)", re.IGNORECASE)
_FACE = re.compile(r"\bemojis?\b.*?```.*```", re.IGNORECASE | re.DOTALL)
_ROLE = re.compile(r"^[ \t>*#-]*(user|human|assistant|ai)[ \t*]*:[ \t*]*", re.IGNORECASE | re.MULTILINE)
_PERSON = frozenset({"user", "human"})
_KEY = re.compile(r"\{\s*\"(\w+)\"\s*:")
_CHAT = r"(?:conversation|chat|dialogue|discussion|session|thread)s?"
_WRITE = r"(?:generate|write|create|provide|give|suggest|make|come up with|reply with|return|summari[sz]e)"
_TITLE = re.compile(
    rf"\b{_WRITE}\b[^?]{{0,80}}?\btitle\b[^?]{{0,120}}?\b{_CHAT}\b"
    rf"|\b{_WRITE}\b[^?]{{0,80}}?\b{_CHAT}\b[^?]{{0,80}}?\b(?:title|a name)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class SideReply:
    kind: str
    text: str


def reply(chat: Chat) -> SideReply | None:
    """None for a question. Raises UserError for a side request that wants more than this server can say."""
    if chat.photos or len(chat.question) > MOST_CHARS:
        return None
    request = _TRANSCRIPT.sub("", chat.question)
    key = _key(request) or _key_for_all(chat)
    if key == "title":
        return SideReply(key, _json({key: _title(chat)}))
    if key:
        return SideReply(key, _json({key: EMPTY[key]}))
    if _TITLE.search(request) or (not chat.earlier and _TITLE.search(chat.instructions[:MOST_CHARS])):
        return SideReply("title", _title(chat))
    if _FACE.search(request):
        return SideReply("emoji", EMOJI)
    if request != chat.question or _TEMPLATE.search(request):
        raise NOT_ABOUT_A_PHOTO
    return None


def _key(text: str) -> str | None:
    """Of the JSON that is to be returned, as the text shows it."""
    return next((key for key in _KEY.findall(text) if key == "title" or key in EMPTY), None)


def _key_for_all(chat: Chat) -> str | None:
    """Some programs put what they want into the instructions, and nothing but what it is about into the message."""
    key = None if chat.earlier else _key(chat.instructions[:MOST_CHARS])
    return key if key in ("title", "tool_calls") else None


def _title(chat: Chat) -> str:
    """The first question of the conversation, which is also what its title is on the pages."""
    transcript = _TRANSCRIPT.search(chat.question)
    first = _first_question(transcript.group(2) if transcript else chat.question)
    first = first or (chat.earlier[0].question if chat.earlier else "")
    return titles.from_question(first) or UNTITLED


def _first_question(transcript: str) -> str:
    """What the person says first in a text whose messages begin with their roles."""
    roles = list(_ROLE.finditer(transcript))
    ends = [role.start() for role in roles[1:]] + [len(transcript)]
    for role, end in zip(roles, ends, strict=False):  # there may be no role, but there is always an end
        if role.group(1).lower() in _PERSON:
            return transcript[role.end() : end].strip()
    return ""


def _json(values: Mapping[str, object]) -> str:
    return json.dumps(values, ensure_ascii=False)
