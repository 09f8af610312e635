"""What the API says of training runs. Stored parts may come from an earlier version, so unknown fields are passed on."""

from typing import Annotated, Literal

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from federation.runs.spec import RunSpec
from webapp.live.http import DocumentedAs, ErrorDetail, Moment, Page

RunState = Literal["draft", "queued", "running", "paused", "stopped", "failed", "done"]


class Stored(BaseModel):
    model_config = ConfigDict(extra="allow")


# What a person sends is checked by federation.runs.spec, which has one sentence for each field that is wrong; and what
# is stored was checked then, perhaps by an earlier version with fewer fields.
Specification = Annotated[dict[str, JsonValue], DocumentedAs(RunSpec)]


class NewRun(Schema):
    spec: Specification = Field({}, description="Fields that are left out have their defaults.", examples=[{"rounds": 5}])
    start: bool = Field(False, description="Start at once instead of keeping a draft.")


class RunEstimate(Schema):
    """Of the whole run. Clients train side by side, so seconds are those of one client."""

    bytes_up: int
    bytes_down: int
    compute_s: float
    link_s: float
    other_s: float = Field(description="Starting processes and waiting in queues.")
    epsilon: float | None = Field(None, description="Privacy budget after all rounds, at delta 0.00001, all clients in each.")
    epsilon_most: float | None = Field(None, description="The same if no round has more clients than its quorum.")
    seconds: float


class EstimateReply(Schema):
    problems: dict[str, str] = Field(description="One sentence for each field that is wrong.")
    nodes: list[str] = Field(description="Nodes that can train now; those that would, if they train on their own photos.")
    classes: list[str] = Field([], description="Agreed for a run on the devices' own photos; fixed when it starts.")
    photos: dict[str, dict[str, int]] = Field({}, description="Labelled photos of each node that can train, by class.")
    estimate: RunEstimate | None = Field(description="Null while a field is wrong by itself.")


class Holdings(Stored):
    """Who holds what: examples by client and class."""

    classes: list[str] = []
    clients: list[list[int]] = []
    error: ErrorDetail | None = None


class ClientProgress(Stored):
    partition: int
    node: str = ""
    state: str = ""


class Progress(Stored):
    """The round under way."""

    round: int
    since: Moment
    clients: dict[str, ClientProgress]


class Run(Schema):
    run: int = Field(description="Its number, which is also its name.", examples=[12])
    seq: int = Field(description="Grows by one with each change.")
    state: RunState
    phase: str = Field(description="What it is waiting for.", examples=["round 3"])
    error: ErrorDetail | None
    spec: Specification
    why: dict[str, str] = Field(description="The words of the question behind each field that they set.")
    holdings: Holdings | None
    progress: Progress | None
    seconds: float = Field(description="Spent running, over all starts.")
    created: Moment
    started: Moment | None
    finished: Moment | None
    final: bool = Field(description="It has ended and nothing changes any more, unless it is started again.")


class RunPage(Page[Run]):
    pass


class ClientReport(Stored):
    """One client in one round."""

    node: str = Field(examples=["jetson-a"])
    partition: int
    state: str = Field(description="`ok`, `refused`, `late` or `lost`.", examples=["ok"])
    reason: str
    examples: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    compute_s: float = 0
    up_s: float = 0
    down_s: float = 0
    loss: float | None = None
    accuracy: float | None = None
    tested: int = Field(0, description="Examples behind its accuracy, where clients test the model on their own photos.")
    skipped: int = Field(0, description="Photos it left out: unreadable, or of no class of the run.")
    note: str = Field("", description="Sentences about these, and about a GPU that did not compute.")


class RoundReport(Schema):
    round: int
    loss: float | None
    accuracy: float | None
    epsilon: float | None = Field(description="Privacy budget spent so far.")
    seconds: dict[str, float] = Field(description="compute, uplink, downlink, waiting, total.")
    bytes_up: int
    bytes_down: int
    counted: bool = Field(description="False: the quorum was not met, and the model stayed as it was.")
    finished: Moment
    clients: list[ClientReport]


class RunWithRounds(Run):
    rounds: list[RoundReport]
