"""The error that people see: a code, one sentence, and what to do next. The same over HTTP, sockets and pages."""

from typing_extensions import TypedDict  # pydantic needs it before Python 3.12


class ErrorBody(TypedDict):
    code: str
    message: str
    next: str


class UserError(Exception):
    """Raised anywhere below a view, a consumer or a task, and only caught there.

    `status` is its HTTP status.
    """

    def __init__(self, code: str, message: str, next: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.next, self.status = code, message, next, status

    def body(self) -> ErrorBody:
        return {"code": self.code, "message": self.message, "next": self.next}


def not_found(what: str) -> UserError:
    """The same for what does not exist and what belongs to somebody else, so that ids cannot be probed."""
    return UserError("not_found", f"There is no such {what}.", "Check the address, or start again from the home page.", 404)
