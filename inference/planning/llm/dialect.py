"""What a server understands of a request for a plan: learned from its refusals, remembered for each server and model."""

import re
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from inference.planning.llm.failures import CONTENT_FILTER
from inference.planning.plan import json_schema, unbounded

if TYPE_CHECKING:
    import openai

PROBE_AGAIN_S = 3600.0  # a server may be updated, and a refusal may have had another reason
TOOL = "plan"
# Refusals that are about this message or this answer, so another form of the request would not help.
ABOUT_THE_TEXT = frozenset({CONTENT_FILTER, "context_length_exceeded", "json_validate_failed", "tool_use_failed"})
REFUSES_A_PARAMETER = frozenset({400, 422})
MAY_REFUSE_A_PARAMETER = frozenset({*REFUSES_A_PARAMETER, 500, 501})  # llama.cpp answers 500 where it was started without tools
FORMAT = r"response.?format|json.?schema|json.?object|json.?mode|structured|grammar"
TOOLS = r"\btools?\b|tool.?choice|function"
FORM_NAMES = {"schema": FORMAT, "unbounded": FORMAT, "object": FORMAT, "tool": TOOLS, "offered": TOOLS}
NEXT_FORM = {"schema": "object", "unbounded": "object", "object": "tool", "tool": "text", "offered": "text"}
BOUNDS = re.compile(r"max.?items|minimum|maximum", re.IGNORECASE)
NEXT_LIMIT = {"max_tokens": "max_completion_tokens", "max_completion_tokens": ""}
MOST_NESTED = 6


@dataclass(frozen=True)
class Dialect:
    """`form`, best first: "schema", "unbounded" (a schema without bounds), "object" (any JSON object), "tool" (a function that
    must be called), "offered" (one that may be called), "text". `limit` names the parameter that bounds the answer; empty if
    the server knows neither name. `usage`: a stream may be asked to count tokens."""

    form: str = "schema"
    limit: str = "max_tokens"
    temperature: bool = True
    usage: bool = True

    def parameters(self, max_tokens: int) -> dict[str, Any]:
        limit = {self.limit: max_tokens} if self.limit else {}
        return limit | ({"temperature": 0} if self.temperature else {})

    def plan_parameters(self) -> dict[str, Any]:
        if self.form in ("schema", "unbounded"):
            schema = json_schema() if self.form == "schema" else unbounded(json_schema())
            json_format = {"name": TOOL, "strict": True, "schema": schema}
            return {"response_format": {"type": "json_schema", "json_schema": json_format}}
        if self.form == "object":
            return {"response_format": {"type": "json_object"}}
        if self.form in ("tool", "offered"):
            function = {"name": TOOL, "description": "Hands over the plan.", "parameters": unbounded(json_schema())}
            choice = {"tool_choice": {"type": "function", "function": {"name": TOOL}}} if self.form == "tool" else {}
            return {"tools": [{"type": "function", "function": function}], **choice}
        return {}

    def stream_parameters(self) -> dict[str, Any]:
        return {"stream": True} | ({"stream_options": {"include_usage": True}} if self.usage else {})

    def without_refused(self, error: "openai.APIStatusError", plans: bool) -> "Dialect | None":
        """The dialect without what a refusal names, or a plain one if it names nothing; None if the refusal is about something
        else. `plans`: the request was for a plan, so it had a form."""
        if error.status_code not in MAY_REFUSE_A_PARAMETER or error.code in ABOUT_THE_TEXT:
            return None
        words = _words(error.body)
        names = {"limit": rf"\b{self.limit}\b" if self.limit else "", "temperature": "temperature" if self.temperature else ""}
        names |= {"form": FORM_NAMES.get(self.form, "")} if plans else {"usage": "stream.?options" if self.usage else ""}
        matches = {part: re.search(name, words, re.IGNORECASE) for part, name in names.items() if name}
        places = {part: match.start() for part, match in matches.items() if match}
        if places:
            return self._without(min(places, key=places.__getitem__), words)
        plain = replace(self, temperature=False, **({"form": "text"} if plans else {"usage": False}))
        return plain if error.status_code in REFUSES_A_PARAMETER and plain != self else None

    def _without(self, part: str, said: str) -> "Dialect":
        if part == "limit":
            return replace(self, limit=NEXT_LIMIT[self.limit])
        if part == "temperature":
            return replace(self, temperature=False)
        if part == "usage":
            return replace(self, usage=False)
        if self.form == "schema" and BOUNDS.search(said):
            return replace(self, form="unbounded")
        if self.form == "tool" and re.search(r"tool.?choice", said, re.IGNORECASE):
            return replace(self, form="offered")
        return replace(self, form=NEXT_FORM[self.form])


class Memory:
    """The dialect of one server and model. Safe to use from several threads: its state is replaced as a whole."""

    def __init__(self) -> None:
        self._state = (Dialect(), 0.0)

    def dialect(self) -> Dialect:
        dialect, until = self._state
        return dialect if time.monotonic() < until else Dialect()

    def learn(self, dialect: Dialect) -> None:
        """After a request in this dialect was accepted."""
        if dialect != self.dialect():
            self._state = (dialect, time.monotonic() + PROBE_AGAIN_S)


@lru_cache(maxsize=32)
def memory_of(base_url: str, azure_api_version: str, model: str) -> Memory:
    return Memory()


def _words(body: object, nested: int = 0) -> str:
    """What a refusal says, with the parameter it names first. Servers nest it differently; some repeat the whole request in it,
    which names every parameter and is left out."""
    if isinstance(body, str) or nested > MOST_NESTED:
        return str(body) if isinstance(body, str) else ""
    if isinstance(body, list):
        return " ".join(_words(item, nested + 1) for item in body[:MOST_NESTED])
    if isinstance(body, dict):
        return " ".join(_words(body.get(key), nested + 1) for key in ("param", "loc", "error", "msg", "message", "detail"))
    return ""
