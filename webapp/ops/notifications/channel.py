"""What a notification channel is. A new channel is one file beside this one and one line in CHANNELS."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from webapp.accounts.models import User


class DeliveryError(Exception):
    """The message was not accepted; the text says why. It is tried again later."""


class Undeliverable(Exception):
    """The message cannot be delivered to this target, now or later; the text says why."""


@dataclass(frozen=True)
class Message:
    """A notice in the language of whoever gets it. `id` is the same in every attempt: a receiver can ignore repetitions."""

    id: int
    event: str  # the name of its kind
    level: str
    title: str
    sentence: str
    link: str  # with scheme and host
    at: str  # ISO 8601, UTC
    data: Mapping[str, Any] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        """As programs outside receive it."""
        return {
            "id": self.id,
            "event": self.event,
            "level": self.level,
            "title": self.title,
            "message": self.sentence,
            "link": self.link,
            "at": self.at,
            "data": dict(self.data),
        }


class Channel(Protocol):
    """Sends messages to people or programs outside."""

    name: str  # stored with deliveries and rules; never change it
    label: str  # for people; in the catalogues
    personal: bool  # each person has rules and targets; otherwise there is one target, the installation's

    def obstacle(self) -> str:
        """Why this installation cannot use it, a sentence for people; empty if it can."""

    def targets(self, person: User) -> list[str]:
        """Where it reaches this person, as stored with deliveries; only of a personal channel. Raises Undeliverable."""

    def send(self, message: Message, target: str) -> None:
        """Deliver within seconds. Raises DeliveryError, Undeliverable."""
