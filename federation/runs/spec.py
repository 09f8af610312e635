"""What a training run is to do: each field with its default, its bounds, and one sentence when it is wrong. No Django, no torch."""

from typing import Annotated, Any, Literal, Self, get_args

from annotated_types import Ge, Le
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from federation.app.compression.entropy import ways
from federation.runs import cost

Dataset = Literal["digits", "cifar10", "photos"]
Model = Literal["cnn-small", "resnet-small"]
Partition = Literal["iid", "dirichlet"]
Strategy = Literal["fedavg", "fedprox", "fedadam", "scaffold", "trimmed-mean", "krum"]
Compression = Literal["none", "sketch"]

ROBUST = ("trimmed-mean", "krum")  # they compare single updates, which secure aggregation hides
SECURE_LEAST = 3  # of two clients each could subtract its own update from the sum
Rate = Annotated[int, Field(ge=1000, le=10**10)]


class Privacy(BaseModel):
    """Differential privacy for what a client holds: clip each update, add noise to the sum."""

    model_config = ConfigDict(extra="forbid")

    noise_multiplier: float = Field(default=1.0, ge=0.0, le=100.0, allow_inf_nan=False, title="Noise multiplier")
    clip: float = Field(default=1.0, ge=0.001, le=1000.0, allow_inf_nan=False, title="Clipping norm")


class RunSpec(BaseModel):
    """Everything that decides what a run computes. Equal specifications and equal seeds give equal runs on equal replies."""

    model_config = ConfigDict(extra="forbid")

    dataset: Dataset = Field(default="digits", title="Data set")
    model: Model = Field(default="cnn-small", title="Model")
    clients: int = Field(default=4, ge=1, le=1000, title="Clients")
    rounds: int = Field(default=10, ge=1, le=1000, title="Rounds")
    local_epochs: int = Field(default=1, ge=1, le=50, title="Local epochs")
    batch_size: int = Field(default=32, ge=1, le=1024, title="Batch size")
    learning_rate: float = Field(default=0.05, ge=1e-6, le=10.0, allow_inf_nan=False, title="Learning rate")

    partition: Partition = Field(default="iid", title="Partition")
    alpha: float = Field(default=0.5, ge=0.01, le=1000.0, allow_inf_nan=False, title="Dirichlet alpha")

    strategy: Strategy = Field(default="fedavg", title="Strategy")
    proximal_mu: float = Field(default=0.01, ge=0.0, le=10.0, allow_inf_nan=False, title="Proximal term")
    server_learning_rate: float = Field(default=0.01, ge=1e-6, le=10.0, allow_inf_nan=False, title="Server learning rate")
    trim: float = Field(default=0.2, ge=0.0, lt=0.5, allow_inf_nan=False, title="Trimmed share")
    hostile: int = Field(default=1, ge=0, le=500, title="Hostile clients expected")

    compression: Compression = Field(default="sketch", title="Compression")
    bits: float | None = Field(default=None, ge=0.1, le=16, allow_inf_nan=False, title="Bits per value")
    share: float = Field(default=1.0, gt=0.0, le=1.0, allow_inf_nan=False, title="Share of coordinates")
    secure_aggregation: bool = Field(default=False, title="Secure aggregation")
    privacy: Privacy | None = Field(default=None, title="Differential privacy")

    quorum: int | None = Field(default=None, ge=1, le=1000, title="Quorum")
    round_deadline_s: float = Field(default=120, ge=1, le=86400, allow_inf_nan=False, title="Deadline per round")
    wall_clock_s: float = Field(default=6 * 3600, ge=1, le=7 * 86400, allow_inf_nan=False, title="Time limit")
    uplink_bytes_per_s: Rate = Field(default=250_000, title="Uplink")
    downlink_bytes_per_s: Rate = Field(default=500_000, title="Downlink")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, title="Seed")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.quorum is None:
            self.quorum = -(-2 * self.clients // 3)
        if self.quorum > self.clients:
            raise _Wrong("quorum", f"A quorum of {self.quorum} can never be met by {_clients(self.clients)}.")
        if self.secure_aggregation and self.clients < SECURE_LEAST:
            raise _Wrong("secure_aggregation", f"Secure aggregation hides nothing among fewer than {SECURE_LEAST} clients.")
        if self.secure_aggregation and self.strategy in ROBUST:
            raise _Wrong(
                "strategy",
                f"{self.strategy} compares single updates, and secure aggregation hides them; choose one of the two.",
            )
        least = self.clients.bit_length()  # of a number that holds the sum of so many single bits
        if self.bits is None:
            self.bits = max(4.0, least) if self.secure_aggregation else 1.0
        if self.secure_aggregation and self.compression == "sketch":
            if self.bits < least:
                raise _Wrong(
                    "bits", f"Under masks the sum over {_clients(self.clients)} needs {least} bits per value at least."
                )
            if self.bits != int(self.bits):
                raise _Wrong("bits", "Under masks bits per value must be a whole number.")
        if self.strategy == "krum" and self.clients < 2 * self.hostile + 3:
            least = 2 * self.hostile + 3
            raise _Wrong("hostile", f"Krum needs at least {least} clients to tell {self.hostile} hostile ones from the others.")
        return self

    @property
    def rates(self) -> tuple[float, float]:
        """Bits for a value of the model in a round, up and down."""
        if self.compression == "none":
            return 32.0, 32.0
        bits = self.bits or 1.0
        return (bits * self.share, bits * self.share) if self.secure_aggregation else ways(bits)

    @property
    def needed(self) -> int:
        """How many replies a round has to have."""
        return self.quorum or 1

    def estimate(self, nodes: int | None = None) -> cost.Estimate:
        """Bytes and seconds, before the start."""
        return cost.estimate(self, nodes)


class _Wrong(ValueError):
    """Fields that contradict each other; `field` is where a person would mend it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def problems(error: ValidationError) -> dict[str, str]:
    """One sentence for each field that is wrong, by the field's name ("privacy.clip" inside privacy)."""
    found: dict[str, str] = {}
    for one in error.errors():
        cause = one.get("ctx", {}).get("error")
        name = cause.field if isinstance(cause, _Wrong) else ".".join(str(part) for part in one["loc"])
        found.setdefault(name, str(cause) if isinstance(cause, _Wrong) else _sentence(name))
    return found


def read(told: dict[str, Any]) -> tuple[RunSpec | None, dict[str, str]]:
    """A specification, or why it is none."""
    try:
        return RunSpec.model_validate(told), {}
    except ValidationError as error:
        return None, problems(error)


def choices(name: str) -> tuple[str, ...]:
    """What a field may be, for one that is chosen from a list; empty for the others."""
    return tuple(one for one in get_args(RunSpec.model_fields[name].annotation) if isinstance(one, str))


def bounds(name: str) -> tuple[float, float] | None:
    """The least and the most of a number."""
    told = _field(name).metadata
    low: Any = next((one.ge for one in told if isinstance(one, Ge)), None)
    high: Any = next((one.le for one in told if isinstance(one, Le)), None)
    return None if low is None or high is None else (float(low), float(high))


def _sentence(name: str) -> str:
    field = _field(name)
    if field is None:
        return f"A run has no field “{name[:40]}”."
    if options := choices(name) if name in RunSpec.model_fields else ():
        return f"{field.title} must be one of {', '.join(options)}."
    whole = "a whole number" if int in (field.annotation, *get_args(field.annotation)) else "a number"
    if limits := bounds(name):
        return f"{field.title} must be {whole} from {_number(limits[0])} to {_number(limits[1])}."
    return f"{field.title} {WORDS.get(name, 'is not understood')}."


WORDS = {
    "trim": "must be a number from 0 to just under 0.5",
    "share": "must be a number above 0 and up to 1",
    "secure_aggregation": "must be on or off",
    "privacy": "must be off, or a noise multiplier and a clipping norm",
}


def _field(name: str) -> Any:
    outer, _, inner = name.partition(".")
    return Privacy.model_fields.get(inner) if outer == "privacy" and inner else RunSpec.model_fields.get(outer)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"


def _clients(count: int) -> str:
    return "one client" if count == 1 else f"{count} clients"
