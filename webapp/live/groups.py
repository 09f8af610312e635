"""Names of the channel groups. One group per conversation, one for all nodes, one per federated run, one per batch."""

from uuid import UUID


def chat(conversation: UUID | str) -> str:
    return f"chat.{conversation}"


def conversations(person: int) -> str:
    """The list of one person's conversations."""
    return f"conversations.{person}"


def devices() -> str:
    return "devices"


def run(run_id: int | str) -> str:
    return f"run.{run_id}"


def models() -> str:
    """The models page: jobs on models, and which models answer."""
    return "models"


def watches(pk: int) -> str:
    """The watches page of one person."""
    return f"watches.{pk}"


def person(pk: int) -> str:
    """Every socket of one person."""
    return f"person.{pk}"


def batch(pk: UUID | str) -> str:
    return f"batch.{pk}"
