"""What a notification channel is. A new channel is one file beside this one and one line in CHANNELS."""

from dataclasses import asdict, dataclass
from typing import Protocol


class DeliveryError(Exception):
    """The notification was not accepted; the text says why. It is tried again later."""


@dataclass(frozen=True)
class NodeNews:
    """A node went offline, came back or was revoked by the server.

    `id` names the event, so that a receiver can ignore a repeated delivery.
    """

    id: int
    node: str
    title: str
    before: str  # state
    after: str  # state
    at: str  # ISO 8601, UTC
    reason: str = ""  # a sentence

    def sentence(self) -> str:
        return f"{self.title} is {'back online' if self.after == 'online' else self.after}. {self.reason}".strip()

    def payload(self) -> dict[str, int | str]:
        return {"event": f"node.{self.after}", **asdict(self), "message": self.sentence()}


class Channel(Protocol):
    """Sends news to people or programs outside."""

    name: str  # stored with each event it has received; never change it

    def enabled(self) -> bool:
        """Whether this installation is set up to use it."""

    def send(self, news: NodeNews) -> None:
        """Deliver within seconds. Raises DeliveryError."""
