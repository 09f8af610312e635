"""How a refusal is spelt as JSON: as this server spells all of its errors, or as the clients of another protocol read them."""

from collections.abc import Callable, Mapping

from webapp.live.errors import UserError

Shape = Callable[[UserError], Mapping[str, object]]
OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


class BadParameter(UserError):
    """A parameter of a request that is wrong or cannot be honoured. `param` is its path, such as `messages.0.content`."""

    def __init__(self, param: str, message: str, next: str, status: int = 400, code: str = "invalid_request") -> None:
        super().__init__(code, message, next, status)
        self.param = param


def ours(error: UserError) -> dict[str, object]:
    return {"error": error.body()}


def openai(error: UserError) -> dict[str, object]:
    """Its clients show `message` alone, so what to do next is in it."""
    kind = OPENAI_TYPES.get(error.status, "server_error" if error.status >= 500 else "invalid_request_error")
    message = " ".join(filter(None, (error.message, error.next)))
    param = error.param if isinstance(error, BadParameter) else None
    return {"error": {"message": message, "type": kind, "param": param, "code": error.code}}
