"""What a node reports and what the server answers: joining, credentials, heartbeat."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from devices.contract.protocol import MAX_LOG
from devices.contract.updates import AgentWheel, UpdateState
from devices.contract.values import STORABLE, Line, Number, Received, Seconds, Sent
from devices.contract.watches import MAX_WATCHES, Watches, WatchesDigest

MAX_CAMERAS = 16
MAX_SENTENCE = 300  # characters
FactName = Annotated[str, Field(max_length=40, pattern=STORABLE)]
Facts = Annotated[dict[FactName, bool | int | Number | Line | None], Field(max_length=40)]
Sentence = Annotated[str, Field(max_length=MAX_SENTENCE, pattern=STORABLE)]
WatchNumber = Annotated[str, Field(pattern=r"^\d{1,16}$")]
ShortMilliseconds = Annotated[float, Field(ge=0, le=3_600_000, allow_inf_nan=False)]
BundleDigest = Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")]
TimesBySplit = dict[Annotated[str, Field(pattern=r"^\d{1,3}$")], ShortMilliseconds]


class Camera(Sent):
    """What the server knows of a camera: its name, and whether it is a folder of photos. The source stays with the node's
    owner."""

    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\s\x00]+$")]
    folder: bool = False


CameraList = Annotated[list[Camera], Field(max_length=MAX_CAMERAS)]
Hardware = Annotated[dict[FactName, bool | int | Number | Line | CameraList | None], Field(max_length=40)]


def cameras_of(stored: object) -> list[Camera]:
    """From a node's stored hardware facts. Earlier versions reported the names as one string with spaces between them."""
    names: Sequence[object] = stored.split() if isinstance(stored, str) else stored if isinstance(stored, list) else []
    return [Camera.model_validate(name if isinstance(name, dict) else {"name": str(name)}) for name in names]


class TaskTimes(Sent):
    """Measured milliseconds of one task: whole model, head, tail and encoding by split point, photo encodings by codec.
    `digest`: of a model that the task has for itself."""

    whole_ms: ShortMilliseconds
    digest: Annotated[str, Field(max_length=64, pattern=STORABLE)] = ""
    head_ms: TimesBySplit = {}
    tail_ms: TimesBySplit = {}
    encode_ms: TimesBySplit = {}
    send_ms: dict[Annotated[str, Field(pattern=r"^[a-z0-9]{1,10}$")], ShortMilliseconds] = {}


class Engine(Sent):
    """What computes the models on a node, and why it was chosen."""

    name: Annotated[str, Field(max_length=20, pattern=STORABLE)]
    device: Annotated[str, Field(max_length=20, pattern=STORABLE)]
    precision: Annotated[str, Field(max_length=20, pattern=STORABLE)]
    reason: Annotated[str, Field(max_length=MAX_SENTENCE, pattern=STORABLE)] = ""


class MeasuredProfile(Sent):
    """What a node's answering capability measured when it started. `unavailable`: by task, why it does not answer it."""

    name: Annotated[str, Field(max_length=40, pattern=STORABLE)]
    digest: Annotated[str, Field(max_length=64, pattern=STORABLE)]
    bundle: BundleDigest = ""  # of the exported models that it computes with; empty: it has the weights themselves
    protocol: int
    memory_mb: Annotated[int, Field(ge=0, le=10_000_000)] | None = None  # resident, of the whole process once it is ready
    tasks: Annotated[
        dict[Annotated[str, Field(max_length=20, pattern=STORABLE)], TaskTimes], Field(min_length=1, max_length=10)
    ]
    unavailable: Annotated[
        dict[Annotated[str, Field(max_length=20, pattern=STORABLE)], Sentence],
        Field(max_length=10),
    ] = {}
    engine: Engine | None = None  # agents of earlier versions have torch and do not say so


# Photos that a node can train on: how many of each class. Names and numbers are all that leaves the node.
Labelled = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=60, pattern=STORABLE)], Annotated[int, Field(ge=0, le=100_000_000)]],
    Field(max_length=200),
]


class Join(Sent):
    """A request to join. `claim` is a secret of the board for this code: repeating the request with it, after a lost answer,
    returns the same token."""

    code: Annotated[str, Field(max_length=40)]
    fingerprint: Annotated[str, Field(max_length=40, pattern=r"^[0-9a-f:]{8,40}$")]
    hostname: Line = ""
    hardware: Facts = {}
    versions: Facts = {}
    claim: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""


class RefusedModels(Sent):
    """Models that the node was offered and cannot change to, as in `Models`: it keeps those it has."""

    choice: Annotated[int, Field(ge=0, le=2_000_000_000)]
    bundle: BundleDigest = ""
    why: Sentence


class Report(Sent):
    """One heartbeat. Fields that are left out stay as they were; `profile: null` says that models are being loaded, or that the
    node does not answer. `lanes` are the queues that it serves or could serve; `obstacles`, why it does not serve one."""

    boot: Annotated[str, Field(max_length=32, pattern=STORABLE)] = ""
    queue: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    profile: MeasuredProfile | None = None
    hardware: Hardware = {}
    versions: Facts = {}
    sample: Facts = {}
    redis: Annotated[str, Field(max_length=20)] = ""
    lanes: Annotated[dict[Annotated[str, Field(max_length=20, pattern=STORABLE)], bool], Field(max_length=10)] = {}
    obstacles: Annotated[dict[Annotated[str, Field(max_length=20, pattern=STORABLE)], Sentence], Field(max_length=10)] = {}
    access: Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")] = ""  # digest of the addresses that the node knows
    labelled: Labelled = {}
    choice: Annotated[int, Field(ge=0, le=2_000_000_000)] = 0  # of models, which the node follows
    refused: RefusedModels | None = None
    changing: Sentence = ""  # what it does to change its models
    update: UpdateState | None = None  # left out while there is nothing to say of one
    watches: WatchesDigest = ""  # digest of the watches that it evaluates; left out by a node that can evaluate none
    unable: Annotated[
        dict[WatchNumber, Sentence], Field(max_length=MAX_WATCHES)
    ] = {}  # watches it cannot evaluate now, and why
    abilities: Annotated[list[Annotated[str, Field(max_length=20, pattern=STORABLE)]], Field(max_length=20)] = []


class RecentLog(Sent):
    """The last lines of the agent's log, without secrets. `request`: as it was asked for."""

    request: Annotated[str, Field(max_length=32, pattern=STORABLE)]
    text: Annotated[str, Field(max_length=MAX_LOG, pattern=STORABLE)]


class Simulated(Received):
    """What the server wants simulated about a node of `make run`."""

    uplink_bytes_per_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    downlink_bytes_per_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    slowdown: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None


class Secrets(Received):
    """After a rotation: another token and another password."""

    token: str
    redis_password: str


class RedisAddress(Received):
    """Where a node finds Redis. `ca`: the certificate authority to trust there, as PEM; None: those of the system. `inner`:
    host:port at which the server itself finds it, for nodes beside the server that cannot reach the other."""

    scheme: Annotated[str, Field(pattern="^rediss?$")]
    host: str
    port: int
    db: int
    ca: str | None = None
    inner: str = ""


class Access(Received):
    """Where a node finds the server. `ca` as for Redis, for the web app. `digest` names all of it; the node reports it back."""

    server: str
    ca: str | None = None
    redis: RedisAddress
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class Models(Received):
    """The models to load, and the number of that choice. `bundle`: the digest of their newest export; empty: none."""

    profile: Annotated[str, Field(max_length=40)]
    choice: int
    bundle: BundleDigest = ""


class Reply(Received):
    """What the server answers to a heartbeat. `rotate`: credentials to change to, while a rotation is under way. `access`:
    addresses to change to, when the node reported that it uses others. `models`: those to change to, when its turn comes.
    `watches`: those to evaluate, when the node reported others. `now`: the server's clock, seconds since 1970, for a node that
    evaluates watches.
    `restart`: the `boot` that is to end. `log`: under which name the recent log is asked for. `agent`: the wheel to update to,
    when its turn comes.
    """

    state: str = "online"
    simulated: Simulated | None = None
    next_s: Seconds = 2.0
    rotate: Secrets | None = None
    access: Access | None = None
    models: Models | None = None
    watches: Watches | None = None
    now: Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)] | None = None
    restart: str = ""
    log: str = ""
    agent: AgentWheel | None = None
