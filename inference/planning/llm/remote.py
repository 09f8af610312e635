"""Planning by a language model over chat completions: OpenAI, Azure OpenAI, or any compatible server.

One answer, one repair with the error text, then the offline planner. Transient refusals are retried with backoff. Everything
happens within one deadline, and nothing in an answer is used before `Plan` has validated it. Only the client holds the API
key: no log line or note repeats what a server sent.
"""

import json
import logging
import time
from collections.abc import Sequence
from typing import Any

import httpx2 as httpx
import openai

from inference.planning.compose import StepResult, compose
from inference.planning.llm import llm_composer, prompt
from inference.planning.llm.llm_calls import TRIES, Breaker, Call, UsageLog, wait_before
from inference.planning.llm.llm_composer import OnText
from inference.planning.offline import Context, plan_offline
from inference.planning.plan import Plan, Planned, json_schema
from inference.planning.planner_config import PlannerConfig
from inference.planning.rules.asides import remark_on

log = logging.getLogger(__name__)
MAX_ANSWER_BYTES = 256 * 1024
CONNECT_S = 2.0
COMPOSE_S = 6.0
USAGE = {"include_usage": True}
RESTING = "The planner failed several times in a row and is paused; planned offline."
SPENT = "The planner's daily budget is spent; planned offline."
NOT_VALID = "The planner's answer was not a valid plan; planned offline."
REPAIRED = "The planner's first answer was not a valid plan; its corrected one was."
REFUSALS = {
    400: "The planner refused the request (HTTP 400); planned offline.",
    401: "The planner refused the key; planned offline. Check ISTHMUS_PLANNER_KEY.",
    403: "The planner refused the key; planned offline. Check ISTHMUS_PLANNER_KEY.",
    404: (
        "The planner does not know this model or address; planned offline. Check ISTHMUS_PLANNER_MODEL and ISTHMUS_PLANNER_URL."
    ),
    429: "The planner is overloaded or its quota is used up; planned offline.",
}


def _schema_format() -> dict[str, object]:
    return {"type": "json_schema", "json_schema": {"name": "plan", "strict": True, "schema": json_schema()}}


class TooSlow(Exception):
    """The deadline passed, whatever the server was doing."""


class Unreadable(Exception):
    """The response is not a chat completion."""


class LlmPlanner:
    """Safe to use from several threads."""

    def __init__(self, config: PlannerConfig, timeout_s: float, book: UsageLog) -> None:
        self.model, self.timeout_s = config.model, timeout_s
        self.config, self.book, self.breaker = config, book, Breaker()
        key = config.api_key or "none"  # local servers accept any key, but the package requires one
        if config.azure_api_version:
            self.client: openai.OpenAI = openai.AzureOpenAI(
                azure_endpoint=config.base_url, api_version=config.azure_api_version, api_key=key, max_retries=0
            )
        else:
            self.client = openai.OpenAI(base_url=config.base_url or None, api_key=key, max_retries=0)
        self._structured = True  # until the server rejects structured output

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
        return Planned(plan, "llm", self.model, note, (time.perf_counter() - started) * 1000, remark_on(question))

    def compose(self, question: str, results: Sequence[StepResult], on_text: OnText) -> str:
        """The model's wording if it states exactly what the answers state, otherwise the template."""
        ours = compose(question, results)
        if not self.config.compose or not llm_composer.wanted(results) or self._closed():
            return ours
        try:
            text = self._streamed(llm_composer.messages(question, results), time.monotonic() + COMPOSE_S, on_text)
        except (openai.OpenAIError, httpx.HTTPError, TooSlow, Unreadable) as error:
            self.breaker.failed()
            log.warning("LLM composition failed; used the template answer: %s", _outcome(error))
            return ours
        self.breaker.worked()
        return text if llm_composer.grounded(text, question, results) else ours

    def _streamed(self, messages: list[dict[str, str]], deadline: float, on_text: OnText) -> str:
        started, text, last_text, last_shown, outcome, usage = time.monotonic(), "", "", 0.0, "ok", None
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
                    if len(text) > llm_composer.MAX_CHARS:
                        raise Unreadable
                    if text != last_text and time.monotonic() - last_shown >= llm_composer.EVERY_S:
                        last_text, last_shown = text, time.monotonic()
                        on_text(text)
            if not ended:
                raise Unreadable  # truncated: half an answer may say the opposite of the whole
            return " ".join(text.split())
        except (openai.OpenAIError, httpx.HTTPError, TooSlow, Unreadable) as error:
            outcome = _outcome(error)
            raise
        finally:
            tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else (0, 0)
            self._note("answer", outcome, tokens, started)

    def _note(self, purpose: str, outcome: str, tokens: tuple[int, int], started: float) -> None:
        cost = (tokens[0] * self.config.price_in + tokens[1] * self.config.price_out) / 1e6
        self.book.record(Call(self.model, purpose, outcome, *tokens, (time.monotonic() - started) * 1000, cost))

    def _closed(self) -> str | None:
        """The reason not to call the model now, or None."""
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
                return self._complete(messages, deadline, {"response_format": _schema_format()})
            except (openai.BadRequestError, openai.UnprocessableEntityError):
                answer = self._complete(messages, deadline, {})
                self._structured = False  # the response format was what it rejected
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
        raise TooSlow  # unreachable: the last try never waits

    def _once(self, messages: list[dict[str, str]], deadline: float, extra: dict[str, Any]) -> str:
        """One HTTP request, recorded in the usage log."""
        started, body, outcome = time.monotonic(), b"", "ok"
        try:
            body = self._body(messages, deadline, extra)
            return _content(body)
        except (openai.OpenAIError, httpx.HTTPError, TooSlow, Unreadable) as error:
            outcome = _outcome(error)
            raise
        finally:
            self._note("plan", outcome, _tokens(body), started)

    def _body(self, messages: list[dict[str, str]], deadline: float, extra: dict[str, Any]) -> bytes:
        """Read in chunks: the HTTP client's timeout is per read, so a server that trickles bytes would never hit it."""
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TooSlow
        body = b""
        timeout = httpx.Timeout(remaining, connect=min(remaining, CONNECT_S))
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
        if isinstance(error, httpx.TransportError):  # the package wraps only errors before the first byte
            return "The planner's answer broke off; planned offline."
        if isinstance(error, openai.APIConnectionError):
            return "The planner cannot be reached; planned offline. Check ISTHMUS_PLANNER_URL."
        return "The planner's answer could not be read; planned offline."


def _content(body: bytes) -> str:
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise Unreadable from error
    # A lone surrogate is valid JSON but can be neither sent nor stored; nor can NUL.
    return content.encode("utf-8", "replace").decode().replace("\0", "") if isinstance(content, str) else ""


def _tokens(body: bytes) -> tuple[int, int]:
    """Prompt and completion tokens as counted by the server; zeros if it did not count."""
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
