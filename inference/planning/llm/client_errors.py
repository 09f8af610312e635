"""The errors of the client of a language model, as failures. Apart from them: the client takes a second to import."""

import httpx2 as httpx
import openai

from inference.planning.llm.failures import (
    CONTENT_FILTER,
    BrokenOff,
    Failure,
    HttpError,
    Refused,
    TooSlow,
    Unreachable,
    Unreadable,
)


def failure_of(error: Exception) -> Failure:
    if isinstance(error, Failure):
        return error
    if isinstance(error, openai.APIStatusError):
        return Refused() if error.code == CONTENT_FILTER else HttpError(error.status_code)
    if isinstance(error, httpx.ConnectTimeout) or isinstance(error.__cause__, httpx.ConnectTimeout):
        return Unreachable()
    if isinstance(error, (openai.APITimeoutError, httpx.TimeoutException)):
        return TooSlow()
    if isinstance(error, httpx.TransportError):  # the package wraps only errors before the first byte
        return BrokenOff()
    return Unreachable() if isinstance(error, openai.APIConnectionError) else Unreadable()
