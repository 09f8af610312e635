"""How a call of a language model fails. Each failure has the word that the usage log records and a sentence for the person."""

CONTENT_FILTER = "content_filter"
KEY = "The planner refused the key; planned offline. Check ISTHMUS_PLANNER_KEY."
STATUS_NOTES = {
    400: "The planner refused the request (HTTP 400); planned offline.",
    401: KEY,
    403: KEY,
    404: (
        "The planner does not know this model or address; planned offline. Check ISTHMUS_PLANNER_MODEL and ISTHMUS_PLANNER_URL."
    ),
    429: "The planner is overloaded or its quota is used up; planned offline.",
}


class Failure(Exception):
    """`computed`: the model may have computed an answer, so the call may cost something."""

    outcome = "unreadable"
    note = "The planner's answer could not be read; planned offline."
    computed = True


class Unreadable(Failure):
    """The response is not a chat completion."""


class TooSlow(Failure):
    """The deadline passed, whatever the server was doing."""

    outcome = "timeout"
    note = "The planner did not answer within {timeout_s:g} s; planned offline."


class TooLong(Failure):
    outcome = "too long"
    note = "The planner's answer was too long to be a plan; planned offline."


class Truncated(Failure):
    """The model wrote or thought until it reached the limit of tokens."""

    outcome = "truncated"
    note = "The planner's answer was cut off after {max_tokens} tokens; planned offline. Check ISTHMUS_PLANNER_MAX_TOKENS."


class Refused(Failure):
    """The model declined, or its content filter did."""

    outcome = "refused"
    note = "The planner declined to plan this message; planned offline."


class BrokenOff(Failure):
    outcome = "broken off"
    note = "The planner's answer broke off; planned offline."


class Unreachable(Failure):
    outcome = "unreachable"
    note = "The planner cannot be reached; planned offline. Check ISTHMUS_PLANNER_URL."
    computed = False


class HttpError(Failure):
    computed = False

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.outcome = f"http {status}"
        self.note = STATUS_NOTES.get(status, f"The planner failed (HTTP {status}); planned offline.")


class Ungrounded(Failure):
    """A wording that does not state what the answers state. `problems`: clauses that say what to correct in `text`."""

    outcome = "invalid"
    note = "The planner's wording did not fit the answers."

    def __init__(self, problems: list[str], text: str) -> None:
        super().__init__()
        self.problems, self.text = problems, text


class BadPlan(Failure):
    """An answer that is not a valid plan; the text says what to correct."""

    outcome = "invalid"
    note = "The planner's answer was not a valid plan; planned offline."

    def __init__(self, reason: str, answer: str = "") -> None:
        super().__init__(reason)
        self.answer = answer


class Empty(BadPlan):
    outcome = "empty"
    note = "The planner's answer was empty; planned offline."


class NoSteps(BadPlan):
    """A plan without steps for a message in which the rules read a request."""

    outcome = "no steps"
    note = "The planner found nothing to do in this message, but the rules did; planned offline."
