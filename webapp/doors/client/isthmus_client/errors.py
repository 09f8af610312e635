"""The one error of this package."""


class IsthmusError(Exception):
    """What went wrong, in the server's own words. `code` is for programs, `next` says what to do about it; `status` is the
    HTTP status, or 0 where no response came."""

    def __init__(self, code: str, message: str, next: str = "", status: int = 0) -> None:
        super().__init__(" ".join(filter(None, (message, next))))
        self.code, self.message, self.next, self.status = code, message, next, status
