"""Planning by an LLM that speaks chat completions: OpenAI's, Azure's, or any server that follows them.

One answer, one repair with the error text, then offline. A refusal that may pass is waited out and asked again. All of it
within one deadline, and nothing an answer contains is believed before `Plan` has accepted it. The key is in the client alone: no log and no note repeats what a server said.
"""

import json
import logging
import time
from collections.abc import Sequence
from typing import Any

import httpx2 as httpx
import openai

from inference.planning.compose import StepResult, compose
from inference.planning.llm import composer, prompt
from inference.planning.llm.calls import TRIES, Book, Breaker, Call, wait_before
from inference.planning.llm.composer import OnText
from inference.planning.offline import Context
from inference.planning.plan import JSON_SCHEMA, Plan, Planned
from inference.planning.planner import PlannerConfig, plan_offline

log = logging.getLogger(__name__)
MAX_ANSWER_BYTES = 256 * 1024
CONNECT_S = 2.0
COMPOSE_S = 6.0
USAGE = {"include_usage": True}
RESTING = "The planner failed several times in a row and is left alone for a while; planned offline."
SPENT = "The planner's limit for today is spent; planned offline."
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

    def __init__(self, config: PlannerConfig, timeout_s: float, book: Book) -> None:
        self.model, self.timeout_s = config.model, timeout_s
        self.config, self.book, self.breaker = config, book, Breaker()
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
        if closed := self._closed():
            return plan_offline(question, context, closed, started)
        try:
            plan, note = self._plan(question, context, time.monotonic() + self.timeout_s)
        except (openai.OpenAIError, httpx.HTTPError, TooSlow, Unreadable, prompt.BadPlan) as error:
            if not isinstance(error, prompt.BadPlan):
                self.breaker.failed()
            note = self._why_offline(error)
            log.warning("%s", note)
            return plan_offline(question, context, note, started)
        self.breaker.worked()
        return Planned(plan, "llm", self.model, note, (time.perf_counter() - started) * 1000)

    def compose(self, question: str, results: Sequence[StepResult], on_text: OnText) -> str:
        """In the model's words where they say what the answers say, else in ours."""
        ours = compose(question, results)
        if not self.config.compose or not composer.wanted(results) or self._closed():
            return ours
        try:
            text = self._streamed(composer.messages(question, results), time.monotonic() + COMPOSE_S, on_text)
        except (openai.OpenAIError, httpx.HTTPError, TooSlow, Unreadable) as error:
            self.breaker.failed()
            log.warning("the answer was worded here: %s", _outcome(error))
            return ours
        self.breaker.worked()
        return text if composer.grounded(text, question, results) else ours

    def _streamed(self, messages: list[dict[str, str]], deadline: float, on_text: OnText) -> str:
        begun, text, given, shown, outcome, usage = time.monotonic(), "", "", 0.0, "ok", None
        create: Any = self.client.chat.completions.create
        timeout = httpx.Timeout(COMPOSE_S, connect=CONNECT_S)
        try:
            with create(model=self.model, messages=messages, stream=True, stream_options=USAGE, timeout=timeout) as chunks:
                ended = False
                for chunk in chunks:
                    if time.monotonic() > deadline:
                        raise TooSlow
                    usage = chunk.usage or usage
                    for choice in chunk.choices:
                        text += choice.delta.content or ""
                        ended = ended or bool(choice.finish_reason)
                    if len(text) > composer.MAX_CHARS:
                        raise Unreadable
                    if text != given and time.monotonic() - shown >= composer.EVERY_S:
                        given, shown = text, time.monotonic()
                        on_text(text)
            if not ended:
                raise Unreadable  # cut: half an answer may say the opposite of the whole
            return " ".join(text.split())
        except (openai.OpenAIError, httpx.HTTPError, TooSlow, Unreadable) as error:
            outcome = _outcome(error)
            raise
        finally:
            tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
            self._note("answer", outcome, tokens, begun)

    def _note(self, purpose: str, outcome: str, tokens: tuple[int, int], begun: float) -> None:
        cost = (tokens[0] * self.config.price_in + tokens[1] * self.config.price_out) / 1e6
        self.book.record(Call(self.model, purpose, outcome, *tokens, (time.monotonic() - begun) * 1000, cost))

    def _closed(self) -> str | None:
        """Why the model is not asked now, if so."""
        if not self.breaker.closed():
            return RESTING
        limit = self.config.daily_limit
        return SPENT if limit and self.book.spent_today() >= limit else None

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
        for attempt in range(TRIES):
            try:
                return self._once(messages, deadline, extra)
            except openai.APIStatusError as error:
                wait = wait_before(attempt, error.status_code, error.response.headers.get("retry-after"))
                if wait is None or time.monotonic() + wait >= deadline:
                    raise
                time.sleep(wait)
        raise TooSlow  # not reached: the last try has no wait

    def _once(self, messages: list[dict[str, str]], deadline: float, extra: dict[str, Any]) -> str:
        """One HTTP request and its line in the book."""
        begun, body, outcome = time.monotonic(), b"", "ok"
        try:
            body = self._body(messages, deadline, extra)
            return _content(body)
        except (openai.OpenAIError, httpx.HTTPError, TooSlow, Unreadable) as error:
            outcome = _outcome(error)
            raise
        finally:
            self._note("plan", outcome, _tokens(body), begun)

    def _body(self, messages: list[dict[str, str]], deadline: float, extra: dict[str, Any]) -> bytes:
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
        return body

    def _why_offline(self, error: Exception) -> str:
        if isinstance(error, prompt.BadPlan):
            return NOT_VALID
        if isinstance(error, openai.APIStatusError):
            return REFUSALS.get(error.status_code, f"The planner failed (HTTP {error.status_code}); planned offline.")
        if isinstance(error, (TooSlow, openai.APITimeoutError, httpx.TimeoutException)):
            return f"The planner did not answer within {self.timeout_s:g} s; planned offline."
        if isinstance(error, httpx.TransportError):  # the package wraps those before the first byte
            return "The planner's answer broke off; planned offline."
        if isinstance(error, openai.APIConnectionError):
            return "The planner cannot be reached; planned offline. Check ISTHMUS_PLANNER_URL."
        return "The planner's answer was not understood; planned offline."


def _content(body: bytes) -> str:
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise Unreadable from error
    # Half a surrogate pair is valid JSON, but can be neither sent back nor stored.
    return content.encode("utf-8", "replace").decode() if isinstance(content, str) else ""


def _tokens(body: bytes) -> tuple[int, int]:
    """Asked and answered, as the server counted; zeros where it did not."""
    try:
        usage = json.loads(body)["usage"]
        return max(0, int(usage["prompt_tokens"])), max(0, int(usage["completion_tokens"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return 0, 0


def _outcome(error: Exception) -> str:
    if isinstance(error, openai.APIStatusError):
        return f"http {error.status_code}"
    if isinstance(error, (TooSlow, openai.APITimeoutError, httpx.TimeoutException)):
        return "timeout"
    return "unreachable" if isinstance(error, (openai.APIConnectionError, httpx.TransportError)) else "unreadable"
