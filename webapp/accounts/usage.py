"""What a person uses of what they may use, for their own page. The apps that count it say how."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from webapp.accounts.models import User


@dataclass(frozen=True)
class Usage:
    label: str
    used: float
    limit: float
    text: str  # for people: "12.3 MB of 2,000 MB"

    @property
    def high(self) -> float:
        """From where a page warns."""
        return 0.9 * self.limit


Reader = Callable[[User], Sequence[Usage]]
_readers: list[Reader] = []


def register(reader: Reader) -> None:
    if reader not in _readers:
        _readers.append(reader)


def of(person: User) -> list[Usage]:
    return [usage for read in _readers for usage in read(person)]
