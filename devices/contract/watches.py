"""Watches: the standing questions that a node answers about its cameras, and the events that it reports of them."""

import hashlib
import hmac
import json
from typing import Annotated, Literal, get_args

from pydantic import Field, JsonValue, model_validator

from devices.contract.values import STORABLE, Bytes, Milliseconds, Probability, Received, Sent

MAX_WATCHES = 16  # of one node
MAX_BATCH = 50  # events in one delivery
MAX_SEEN = 300  # characters of what was seen
LEAST_SIDE = 0.05  # of a zone, as a fraction of the frame
CameraName = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\s\x00]+$")]
Identifier = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
WatchesDigest = Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")]
ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]

# Of a watch: `raised`, then `cleared`; `described` brings the caption of an event's snapshot; `tally` is the cost of a time in
# which nothing happened. Of a camera: it gives no picture, gives one again, comes and goes, or shows only noise or black.
Kind = Literal[
    "raised", "cleared", "described", "tally", "camera_lost", "camera_back", "camera_unsteady", "camera_noise", "camera_dark"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
FAULTS: tuple[Kind, ...] = ("camera_lost", "camera_unsteady", "camera_noise", "camera_dark")
OF_CAMERAS: tuple[Kind, ...] = ("camera_back", *FAULTS)


class Zone(Received):
    """The part of the frame that counts; edges as fractions of its width and height, from the top left corner."""

    left: Probability = 0.0
    top: Probability = 0.0
    right: Probability = 1.0
    bottom: Probability = 1.0

    @model_validator(mode="after")
    def _has_an_area(self) -> "Zone":
        if self.right - self.left < LEAST_SIDE or self.bottom - self.top < LEAST_SIDE:
            raise ValueError(f"a zone must be at least {LEAST_SIDE:.0%} of the frame wide and high")
        return self


class QuietHours(Received):
    """When nothing is raised, by the clock of a time zone; past midnight where `until` is earlier than `start`."""

    start: ClockTime
    until: ClockTime
    time_zone: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_+/-]+$")] = "UTC"

    @model_validator(mode="after")
    def _is_a_span(self) -> "QuietHours":
        if self.start == self.until:
            raise ValueError("quiet hours must end at another time than they start")
        return self


class TrainedWatcher(Received):
    """The model of a finished training run that answers instead of the bundled ones. The node fetches its weights by digest.

    `signature`: hex, keyed as that of an agent's wheel (devices.contract.updates); empty from servers of earlier versions."""

    run: Annotated[int, Field(ge=1, le=2_000_000_000)]
    digest: Digest
    bytes: Annotated[int, Field(ge=1, le=1 << 30)]
    card: Annotated[dict[Annotated[str, Field(max_length=40)], JsonValue], Field(max_length=20)]
    signature: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""

    def signed(self, token_sha256: str) -> "TrainedWatcher":
        """For the node with that token."""
        return self.model_copy(update={"signature": self._signature(token_sha256)})

    def is_signed(self, token: str) -> bool:
        """Whether it comes from the server that this node has joined."""
        key = hashlib.sha256(token.encode()).hexdigest()
        return hmac.compare_digest(self._signature(key), self.signature)

    def _signature(self, key: str) -> str:
        text = json.dumps(["watch model", self.run, self.digest, self.bytes, self.card], sort_keys=True)
        return hmac.new(key.encode(), text.encode(), "sha256").hexdigest()


class WatchSettings(Received):
    """What a person sets. Either `looks_for`, a thing, or a `question` with the answer that counts."""

    camera: CameraName
    looks_for: Annotated[str, Field(max_length=60, pattern=STORABLE)] = ""
    question: Annotated[str, Field(max_length=300, pattern=STORABLE)] = ""
    expected: Annotated[str, Field(min_length=1, max_length=60, pattern=STORABLE)] = "yes"
    per_second: Annotated[float, Field(ge=0.02, le=5, allow_inf_nan=False)] = 1.0
    motion: Annotated[float, Field(ge=0.001, le=0.5, allow_inf_nan=False)] = 0.01  # of the zone, that has to have changed
    zone: Zone = Zone()
    hits: Annotated[int, Field(ge=1, le=20)] = 2  # looks that see it, of the last `window`, which raise the event
    window: Annotated[int, Field(ge=1, le=20)] = 3
    clear_after: Annotated[int, Field(ge=1, le=100)] = 3  # looks in a row that do not see it
    least: Annotated[float, Field(ge=0.05, le=0.99, allow_inf_nan=False)] = 0.6  # confidence that counts as seeing it
    cool_down_s: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 30.0
    quiet: QuietHours | None = None
    keeps_snapshot: bool = True
    escalates: bool = False  # what the device is unsure of is asked of an edge

    @model_validator(mode="after")
    def _fits_together(self) -> "WatchSettings":
        if bool(self.looks_for.strip()) == bool(self.question.strip()):
            raise ValueError("a watch has either a thing to look for or a question")
        if self.hits > self.window:
            raise ValueError(f"{self.hits} of {self.window} looks can never see it")
        return self


class Watch(WatchSettings):
    """As its node gets it."""

    id: Annotated[int, Field(ge=1, le=1 << 53)]
    version: Annotated[int, Field(ge=1, le=2_000_000_000)] = 1
    model: TrainedWatcher | None = None


class Watches(Received):
    """Every watch of one node. `digest` names this list; the node reports it back."""

    digest: WatchesDigest
    watches: Annotated[list[Watch], Field(max_length=MAX_WATCHES)] = []


class Cost(Received):
    """What a watch has cost since its previous event: frames taken, frames that the model looked at, bytes sent, milliseconds
    computed, and joules that the board took meanwhile, None where it does not measure its power; `seconds` is how long it was
    watched. Of an event of a camera, all zero."""

    frames: Count = 0
    looks: Count = 0
    bytes: Bytes = 0
    ms: Milliseconds = 0.0
    joules: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] | None = None
    seconds: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] = 0.0

    def plus(self, other: "Cost") -> "Cost":
        measured = [cost.joules for cost in (self, other) if cost.joules is not None]
        return Cost(
            frames=self.frames + other.frames,
            looks=self.looks + other.looks,
            bytes=self.bytes + other.bytes,
            ms=self.ms + other.ms,
            joules=sum(measured) if measured else None,
            seconds=self.seconds + other.seconds,
        )


class WatchEvent(Received):
    """`number` counts the node's events; `id` is of this one for ever, so a delivery that is repeated adds nothing. `about`:
    the event that a `described` or `cleared` one belongs to. `run`: whose model looked; 0: the bundled ones. `dropped`:
    events before it that the node had no room for."""

    id: Identifier
    number: Annotated[int, Field(ge=1, le=1 << 53)]
    kind: Kind
    camera: CameraName
    watch: Annotated[int, Field(ge=0, le=1 << 53)] = 0  # 0: of the camera
    run: Annotated[int, Field(ge=0, le=2_000_000_000)] = 0
    at: Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]  # seconds since 1970, by the node's clock
    confidence: Probability | None = None
    sure: bool = True
    seen: Annotated[str, Field(max_length=MAX_SEEN, pattern=STORABLE)] = ""
    about: Annotated[str, Field(pattern=r"^([0-9a-f]{32})?$")] = ""
    has_snapshot: bool = False
    cost: Cost = Cost()
    dropped: Count = 0


class Delivery(Received):
    """Events in the order in which they happened. `now`: the node's clock when it sends them, which need not be right."""

    now: Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
    events: Annotated[list[WatchEvent], Field(min_length=1, max_length=MAX_BATCH)]


class Delivered(Sent):
    """The number of the last event that the server has stored; the node forgets it and those before it."""

    number: int
