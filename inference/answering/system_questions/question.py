"""A message about the system, and what it names: devices, a training run, a span of time."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from devices.models import Node
from inference.answering.system_questions import node_names
from inference.formatting import list_text, moment_text
from inference.planning.rules import numerals, wording
from webapp.live.errors import UserError

_NUMBER = r"\d{1,9}\b(?! ?(?:rounds?|epochs?|clients?|devices?|nodes?))"
_RUNS = re.compile(
    rf"\b(?:runs?|training) (?:number |no\.? ?|nr\.? ?)?{_NUMBER}(?:(?:,? and|,| or|,? with) (?:run )?{_NUMBER})*"
)
_GENERAL = r"how many|how much|which|who|any\w*|all|every\w*|list|some\w*|devices|nodes|edges|boards|each|what"
_NIGHT_BEGINS, _NIGHT_ENDS = 18, 6


@dataclass(frozen=True)
class Span:
    """`start`: None for everything so far."""

    words: str
    start: datetime | None
    end: datetime


@dataclass(frozen=True)
class Question:
    """`text`: in lower case, with typos mended."""

    text: str
    person: int
    conversation: UUID

    @classmethod
    def read(cls, message: str, person: int, conversation: UUID) -> "Question":
        return cls(wording.regular(message[: settings.QUESTION_MAX_CHARS]), person, conversation)

    def mentions(self, pattern: str) -> bool:
        return re.search(rf"\b(?:{pattern})\b", self.text) is not None

    @cached_property
    def runs(self) -> list[int]:
        """The numbers of the runs it names."""
        numbers = [number for names in _RUNS.findall(numerals.digits(self.text)) for number in re.findall(r"\d+", names)]
        return [int(number) for number in dict.fromkeys(numbers)]

    @cached_property
    def name_phrase(self) -> str:
        """The words that could be the name of a device."""
        return node_names.phrase(self._without_runs)

    @property
    def _without_runs(self) -> str:
        return _RUNS.sub(" ", numerals.digits(self.text)) if self.runs else self.text

    @cached_property
    def nodes(self) -> list[Node]:
        """The nodes it names; several where the words fit several."""
        return node_names.resolve(self._without_runs)

    @property
    def general(self) -> bool:
        """Whether it is about all devices rather than one of them."""
        return self.mentions(_GENERAL)

    def check_name(self) -> None:
        """Raise UserError where it names a device that there is not."""
        if self.name_phrase and not self.nodes:
            names = [node.title or node.slug for node in Node.objects.filter(revoked_at=None)]
            there = f"There {'is' if len(names) == 1 else 'are'} {list_text(names)}." if names else "None is registered yet."
            raise UserError("unknown_node", f"There is no device called “{self.name_phrase}”.", there, 404)

    def span(self, default: str = "") -> Span:
        """The span of time it names; otherwise `default`, which is worded the same."""
        return span(self.text, timezone.now()) or span(default, timezone.now()) or Span("So far", None, timezone.now())


def span(text: str, now: datetime) -> Span | None:
    """By the server's clock, as everything that counts by the day."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    day = timedelta(days=1)
    if re.search(r"\blast night\b|\bovernight\b|\bduring the night\b", text):
        start = today - day + timedelta(hours=_NIGHT_BEGINS)
        end = min(now, today + timedelta(hours=_NIGHT_ENDS))
        return Span(f"Last night ({moment_text(start)} to {moment_text(end)})", start, end)
    if match := re.search(r"\b(?:last|past) (\d{1,4} )?(hour|day|week|month)s?\b", text):
        length = int(match[1] or 1) * {"hour": day / 24, "day": day, "week": 7 * day, "month": 30 * day}[match[2]]
        return Span(f"Since {moment_text(now - length)}", now - length, now)
    for pattern, words, start, end in (
        (r"yesterday", "Yesterday (UTC)", today - day, today),
        (r"today|this (?:morning|afternoon|evening)|tonight", "Today (UTC)", today, now),
        (r"this week", "This week (UTC)", today - today.weekday() * day, now),
        (r"this month", "This month (UTC)", today.replace(day=1), now),
    ):
        if re.search(rf"\b(?:{pattern})\b", text):
            return Span(words, start, end)
    return None
