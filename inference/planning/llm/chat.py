"""Calls of one model on one server: in its dialect, with retries of transient refusals, each in the usage log."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2 as httpx
import openai

from inference.planning.llm import completion, llm_composer
from inference.planning.llm.bounded import bound, in_time
from inference.planning.llm.client_errors import failure_of
from inference.planning.llm.dialect import Dialect, memory_of
from inference.planning.llm.failures import Failure, TooLong, TooSlow, Unreadable
from inference.planning.llm.llm_calls import Call, UsageLog, wait_before
from inference.planning.llm.llm_composer import OnText
from inference.planning.planner_config import PlannerConfig

CONNECT_S = 2.0
Messages = list[dict[str, str]]
Result = TypeVar("Result")
Read = Callable[[str], Result]


@dataclass
class _Receipt:
    """What came of one call so far."""

    tokens: tuple[int, int] | None = None  # as the server counted them
    text: str = ""


class Chat:
    """Safe to use from several threads. Raises Failure only. Only the client holds the API key: nothing that a server sent,
    which may repeat the key, gets into a failure."""

    def __init__(self, config: PlannerConfig, book: UsageLog) -> None:
        self.config, self.book = config, book
        self.memory = memory_of(config.base_url, config.azure_api_version, config.model)
        key = config.api_key or "none"  # local servers accept any key, but the package requires one
        http = openai.DefaultHttpxClient(event_hooks={"response": [bound]})
        if config.azure_api_version:
            self.client: openai.OpenAI = openai.AzureOpenAI(
                azure_endpoint=config.base_url,
                api_version=config.azure_api_version,
                api_key=key,
                max_retries=0,
                http_client=http,
            )
        else:
            self.client = openai.OpenAI(base_url=config.base_url or None, api_key=key, max_retries=0, http_client=http)

    def plan(self, messages: Messages, deadline: float, read: Read[Result], success: str) -> Result:
        """What `read` makes of the answer. `success`: the outcome to record unless it raises."""

        def call(dialect: Dialect, receipt: _Receipt) -> Result:
            (body,) = in_time(lambda: self._body(messages, dialect, deadline), deadline)
            self.memory.learn(dialect)
            receipt.tokens = completion.tokens_of(body)
            receipt.text = completion.text_of(body)
            return read(receipt.text)

        return self._adapted(lambda dialect: self._recorded("plan", success, messages, dialect, call), deadline, plans=True)

    def stream(self, messages: Messages, deadline: float, on_text: OnText, read: Read[Result], success: str = "ok") -> Result:
        """What `read` makes of the whole text; `on_text` receives the text so far, and may raise Failure as `read` may."""

        def call(dialect: Dialect, receipt: _Receipt) -> Result:
            text, last_text, last_shown, ended = "", "", 0.0, False
            for piece in in_time(lambda: self._pieces(messages, dialect, deadline), deadline):
                receipt.tokens = piece.tokens or receipt.tokens
                receipt.text += piece.text
                completion.check_end(piece.finish_reason, piece.refusal)
                ended = ended or bool(piece.finish_reason)
                text = completion.without_thoughts(receipt.text)
                if len(text) > llm_composer.MAX_CHARS:
                    raise TooLong
                if text != last_text and time.monotonic() - last_shown >= llm_composer.EVERY_S:
                    last_text, last_shown = text, time.monotonic()
                    on_text(text)
            if not ended:
                raise Unreadable  # half an answer may say the opposite of the whole
            self.memory.learn(dialect)
            return read(" ".join(text.split()))

        return self._adapted(lambda dialect: self._recorded("answer", success, messages, dialect, call), deadline, plans=False)

    def _adapted(self, call: Callable[[Dialect], Result], deadline: float, plans: bool) -> Result:
        """Calls again with less of the dialect as the server's refusals ask for it, and after a pause where one may pass."""
        dialect, attempt = self.memory.dialect(), 0
        while time.monotonic() < deadline:
            try:
                return call(dialect)
            except openai.APIStatusError as error:
                if lesser := dialect.without_refused(error, plans):
                    dialect = lesser
                    continue
                wait = wait_before(attempt, error.status_code, error.response.headers.get("retry-after"))
                if wait is None or time.monotonic() + wait >= deadline:
                    raise failure_of(error) from None
                attempt += 1
                time.sleep(wait)
        raise TooSlow

    def _recorded(
        self, purpose: str, success: str, messages: Messages, dialect: Dialect, call: Callable[[Dialect, _Receipt], Result]
    ) -> Result:
        """One HTTP request. Where the server did not count tokens that it may have computed, they are estimated."""
        started, receipt = time.monotonic(), _Receipt()
        outcome, computed = success, True
        try:
            return call(dialect, receipt)
        except (openai.APIStatusError, Failure) as error:
            failure = failure_of(error)
            outcome, computed = failure.outcome, failure.computed
            raise
        finally:
            estimated = receipt.tokens is None and computed
            tokens = receipt.tokens or (completion.estimated_tokens(messages, receipt.text) if estimated else (0, 0))
            cost = (tokens[0] * self.config.price_in + tokens[1] * self.config.price_out) / 1e6
            ms = (time.monotonic() - started) * 1000
            self.book.record(Call(self.config.model, purpose, outcome, *tokens, ms, cost, estimated))

    def _body(self, messages: Messages, dialect: Dialect, deadline: float) -> Iterator[bytes]:
        create: Any = self.client.chat.completions.with_streaming_response.create
        with create(**self._request(messages, dialect, deadline), **dialect.plan_parameters()) as response:
            yield response.read()

    def _pieces(self, messages: Messages, dialect: Dialect, deadline: float) -> Iterator[completion.Piece]:
        create: Any = self.client.chat.completions.create
        with create(**self._request(messages, dialect, deadline), **dialect.stream_parameters()) as chunks:
            yield from map(completion.piece_of, chunks)

    def _request(self, messages: Messages, dialect: Dialect, deadline: float) -> dict[str, Any]:
        remaining = max(0.001, deadline - time.monotonic())
        timeout = httpx.Timeout(remaining, connect=min(remaining, CONNECT_S))
        parameters = dialect.parameters(self.config.max_tokens)
        return {"model": self.config.model, "messages": messages, "timeout": timeout, **parameters}
