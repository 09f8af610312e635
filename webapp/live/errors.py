"""The error that people see: a code, one sentence, and what to do next. The same over HTTP, sockets and pages."""

from collections.abc import Mapping

from typing_extensions import TypedDict  # pydantic needs it before Python 3.12


class ErrorBody(TypedDict):
    code: str
    message: str
    next: str


class UserError(Exception):
    """Raised anywhere below a view, a consumer or a task, and only caught there.

    `status` is its HTTP status. The sentences are in English, as they are stored and logged; webapp.languages.errors has them
    in the language of a request. `values` are those of their placeholders `%(name)s`: a sentence that was put together
    before is in no catalogue.
    """

    def __init__(
        self, code: str, message: str, next: str = "", status: int = 400, values: Mapping[str, object] | None = None
    ) -> None:
        self.templates, self._values = (message, next), values
        self.code, self.message, self.next, self.status = code, self.filled(message), self.filled(next), status
        super().__init__(self.message)

    def body(self) -> ErrorBody:
        return {"code": self.code, "message": self.message, "next": self.next}

    def filled(self, text: str) -> str:
        """One of the templates, perhaps in another language, with its values."""
        return text % self._values if self._values is not None else text


def not_found(what: str) -> UserError:
    """The same for what does not exist and what belongs to somebody else, so that ids cannot be probed."""
    return UserError("not_found", f"There is no such {what}.", "Check the address, or start again from the home page.", 404)
