"""Planning by an LLM that speaks chat completions: OpenAI's, Azure's, or any server that follows them.

One answer, one repair with the error text, then offline. All of it within one deadline, and nothing an answer contains is
believed before `Plan` has accepted it. The key is in the client alone: no log and no note repeats what a server said.
"""

import json
import logging
import time
from typing import Any

import httpx
import openai

from inference.planning import prompt
from inference.planning.llm import PlannerConfig, plan_offline
from inference.planning.offline import Context
from inference.planning.plan import JSON_SCHEMA, Plan, Planned

log = logging.getLogger(__name__)
MAX_ANSWER_BYTES = 256 * 1024
CONNECT_S = 2.0
NOT_VALID = "The planner's answer was not a valid plan; planned offline."
REPAIRED = "The planner's first answer was not a valid plan; its second was."
SCHEMA_FORMAT = {"type": "json_schema", "json_schema": {"name": "plan", "strict": True, "schema": JSON_SCHEMA}}
REFUSALS = {
    400: "The planner refused the request (HTTP 400); planned offline.",
    401: "The planner refused the key; planned offline. Check ISTHMUS_PLANNER_KEY.",
    403: "The planner refused the key; planned offline. Check ISTHMUS_PLANNER_KEY.",
    404: "The planner does not know this model or address; planned offline. Check ISTHMUS_PLANNER_MODEL and ISTHMUS_PLANNER_URL.",
    429: "The planner has too much to do or its quota is used up; planned offline.",
}


class TooSlow(Exception):
    """The deadline passed, whatever the server was doing."""


class Unreadable(Exception):
    """What came is no chat completion."""


class LlmPlanner:
    """Safe to use from several threads."""

    def __init__(self, config: PlannerConfig, timeout_s: float) -> None:
        self.model, self.timeout_s = config.model, timeout_s
        key = config.api_key or "none"  # local servers take any, the package insists on one
        if config.azure_api_version:
            self.client: openai.OpenAI = openai.AzureOpenAI(
                azure_endpoint=config.base_url, api_version=config.azure_api_version, api_key=key, max_retries=0
            )
        else:
            self.client = openai.OpenAI(base_url=config.base_url or None, api_key=key, max_retries=0)
        self._structured = True  # until a server turns out not to know structured output

    def plan(self, question: str, context: Context) -> Planned:
        started = time.perf_counter()
        try:
            plan, note = self._plan(question, context, time.monotonic() + self.timeout_s)
        except (openai.OpenAIError, httpx.HTTPError, TooSlow, Unreadable, prompt.BadPlan) as error:
            note = self._why_offline(error)
            log.warning("%s", note)
            return plan_offline(question, context, note, started)
        return Planned(plan, "llm", self.model, note, (time.perf_counter() - started) * 1000)

    def _plan(self, question: str, context: Context, deadline: float) -> tuple[Plan, str | None]:
        messages = prompt.messages(question, context)
        answer = self._ask(messages, deadline)
        try:
            return prompt.read(answer, context), None
        except prompt.BadPlan as error:
            again = self._ask([*messages, *prompt.repair(answer, error)], deadline)
            return prompt.read(again, context), REPAIRED

    def _ask(self, messages: list[dict[str, str]], deadline: float) -> str:
        if self._structured:
            try:
                return self._complete(messages, deadline, {"response_format": SCHEMA_FORMAT})
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                answer = self._complete(messages, deadline, {})
                self._structured = False  # it was the format it did not like
                return answer
        return self._complete(messages, deadline, {})

    def _complete(self, messages: list[dict[str, str]], deadline: float, extra: dict[str, Any]) -> str:
        """Read in pieces: a time-out of the HTTP client is per read, so a server that drips would never meet it."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TooSlow
        body = b""
        timeout = httpx.Timeout(left, connect=min(left, CONNECT_S))
        create: Any = self.client.chat.completions.with_streaming_response.create
        with create(model=self.model, messages=messages, timeout=timeout, **extra) as response:
            for part in response.iter_bytes():
                body += part
                if time.monotonic() > deadline:
                    raise TooSlow
                if len(body) > MAX_ANSWER_BYTES:
                    raise Unreadable
        return _content(body)

    def _why_offline(self, error: Exception) -> str:
        if isinstance(error, prompt.BadPlan):
            return NOT_VALID
        if isinstance(error, openai.APIStatusError):
            return REFUSALS.get(error.status_code, f"The planner failed (HTTP {error.status_code}); planned offline.")
        if isinstance(error, (TooSlow, openai.APITimeoutError, httpx.TimeoutException)):
            return f"The planner did not answer within {self.timeout_s:g} s; planned offline."
        if isinstance(error, (openai.APIConnectionError, httpx.TransportError)):
            return "The planner cannot be reached; planned offline. Check ISTHMUS_PLANNER_URL."
        return "The planner's answer was not understood; planned offline."


def _content(body: bytes) -> str:
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise Unreadable from error
    # Half a surrogate pair is valid JSON, but can be neither sent back nor stored.
    return content.encode("utf-8", "replace").decode() if isinstance(content, str) else ""
