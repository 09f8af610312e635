"""Questions about the system itself, typed in the chat, are answered from the database and never from a photo."""

from uuid import UUID

from inference.answering.system_questions.question import Question
from inference.answering.system_questions.topics import TOPICS
from webapp.live.errors import UserError


def answer(message: str, person: int, conversation: UUID) -> str:
    """One to three sentences, with figures that this person may see on the pages. `person`: the primary key of who asks."""
    question = Question.read(message, person, conversation)
    try:
        return next(reply(question) for applies, reply in TOPICS if applies(question))
    except UserError as error:
        return f"{error} {error.next}".strip()
