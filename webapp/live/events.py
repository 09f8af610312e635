"""The events that may cross a socket, one type each; publish() takes nothing else.

The database is the truth; an event is a hint. Events about a turn or a run carry its `seq`, which grows by one with each
stored transition, so that a page that sees a gap fetches it again. What a field holds is typed where it is made: this floor
knows neither receipts nor nodes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import ClassVar, NotRequired, TypedDict

from webapp.live.errors import ErrorBody

Json = Mapping[str, object]


class Phase(TypedDict):
    """What is being done for a turn, since when (ISO 8601)."""

    name: str
    step: int | None
    since: str
    text: NotRequired[str]  # of the answer, as far as it has been composed


@dataclass(frozen=True, kw_only=True)
class Event:
    type: ClassVar[str]
    optional: ClassVar[frozenset[str]] = frozenset()  # fields that are left out where they are None

    def frame(self) -> dict[str, object]:
        """As sent to the page."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {"type": self.type, **{name: value for name, value in values.items() if not self._omits(name, value)}}

    def _omits(self, name: str, value: object) -> bool:
        return value is None and name in self.optional


class TurnIds(TypedDict):
    """What every event about a turn carries."""

    turn: str
    seq: int
    state: str


@dataclass(frozen=True, kw_only=True)
class TurnEvent(Event):
    turn: str
    seq: int
    state: str


@dataclass(frozen=True, kw_only=True)
class TurnPhase(TurnEvent):
    type: ClassVar[str] = "turn.phase"
    optional: ClassVar[frozenset[str]] = frozenset({"step", "plan"})
    phase: Phase | None
    step: int | None = None
    plan: Json | None = None  # where it was amended


@dataclass(frozen=True, kw_only=True)
class TurnWaiting(TurnEvent):
    """Where a queued turn stands: 1 starts next. It is computed, not stored, so `seq` stays as it was."""

    type: ClassVar[str] = "turn.waiting"
    position: int


@dataclass(frozen=True, kw_only=True)
class TurnPlan(TurnEvent):
    type: ClassVar[str] = "turn.plan"
    plan: Json


@dataclass(frozen=True, kw_only=True)
class TurnReceipt(TurnEvent):
    """A step was answered or failed."""

    type: ClassVar[str] = "turn.receipt"
    step: int
    receipt: Json | None
    error: ErrorBody | None


@dataclass(frozen=True, kw_only=True)
class TurnAnswer(TurnEvent):
    """A turn has ended."""

    type: ClassVar[str] = "turn.answer"
    answer: str | None
    error: ErrorBody | None
    finished: str | None


@dataclass(frozen=True, kw_only=True)
class TurnReplaced(Event):
    """A question was edited and sent again as the turn `by`. The turn itself has not changed, so there is no `seq`."""

    type: ClassVar[str] = "turn.replaced"
    turn: str
    by: str


@dataclass(frozen=True, kw_only=True)
class TurnRated(Event):
    """The owner's rating of an answer; None where it was taken back."""

    type: ClassVar[str] = "turn.rated"
    turn: str
    rating: Json | None


@dataclass(frozen=True, kw_only=True)
class ConversationChanged(Event):
    """A new conversation of the person's, another title or pin, or a question in it."""

    type: ClassVar[str] = "conversation.changed"
    conversation: Json


@dataclass(frozen=True, kw_only=True)
class ConversationDeleted(Event):
    type: ClassVar[str] = "conversation.deleted"
    conversation: str


@dataclass(frozen=True, kw_only=True)
class NodeState(Event):
    type: ClassVar[str] = "node.state"
    node: Json


@dataclass(frozen=True, kw_only=True)
class LinkSample(Event):
    type: ClassVar[str] = "link.sample"
    node: str
    at: str
    bytes: int
    ms: float
    bytes_per_s: int
    source: str


@dataclass(frozen=True, kw_only=True)
class ModelsChosen(Event):
    """Other models answer from now on, or the same ones are loaded again."""

    type: ClassVar[str] = "models.chosen"
    profile: str
    choice: int


@dataclass(frozen=True, kw_only=True)
class ModelJobState(Event):
    type: ClassVar[str] = "models.job"
    job: Json


@dataclass(frozen=True, kw_only=True)
class WatchEventChanged(Event):
    """An event of a watch or of its camera: new, ended, described, checked or labelled."""

    type: ClassVar[str] = "watch.event"
    event: Json


@dataclass(frozen=True, kw_only=True)
class WatchChanged(Event):
    """A watch as it is now; None where it was deleted."""

    type: ClassVar[str] = "watch.state"
    id: int
    watch: Json | None


@dataclass(frozen=True, kw_only=True)
class RunRound(Event):
    type: ClassVar[str] = "run.round"
    run: int
    seq: int
    round: Json
    seconds: float


@dataclass(frozen=True, kw_only=True)
class RunClient(Event):
    """Clients of the round under way that began, ended or were lost."""

    type: ClassVar[str] = "run.client"
    run: int
    seq: int
    round: int
    since: str
    clients: Sequence[Json]


@dataclass(frozen=True, kw_only=True)
class RunState(Event):
    """A run without its rounds; its fields stand beside `type`."""

    type: ClassVar[str] = "run.state"
    run: Json

    def frame(self) -> dict[str, object]:
        return {"type": self.type, **self.run}


@dataclass(frozen=True, kw_only=True)
class BatchProgress(Event):
    """Where a batch stands, with its own `seq`; and the item that has ended, if one has."""

    type: ClassVar[str] = "batch.progress"
    batch: Json
    item: Json | None
