"""The specification of a training run: each field with its default, its bounds, and a sentence for a wrong value. No Django,
no torch.

The parameters of strategies are fields too, declared where the strategy is (federation.app.strategies).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, cast, get_args

from annotated_types import Ge, Le
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model, model_validator
from pydantic.fields import FieldInfo

from federation.app.compression.entropy import split_bits
from federation.app.datasets import photo_folder
from federation.app.datasets import registry as datasets
from federation.app.run_settings import RunSettings
from federation.app.strategies import registry as strategies
from federation.app.strategies.base import Parameter, Strategy
from federation.runs import choices as listed
from federation.runs import feasibility

Partition = Literal["iid", "dirichlet"]
Compression = Literal["none", "sketch"]

SECURE_LEAST = 3  # of two clients each could subtract its own update from the sum
DatasetName = Annotated[str, listed.validator("dataset"), listed.schema("dataset")]
ModelName = Annotated[str, listed.validator("model"), listed.schema("model")]
StrategyName = Annotated[str, listed.validator("strategy"), listed.schema("strategy")]
BytesPerSecond = Annotated[int, Field(ge=1000, le=10**10)]


def _listed(value: object) -> object:
    """Names as the form sends them: one text, with commas between them; nothing for none."""
    if value is None:
        return []
    if isinstance(value, int | float):  # a class may be called 7
        return [f"{value:g}"]
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Names = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=photo_folder.MOST_LABEL, pattern=r"^[^\x00]*$")]],
    BeforeValidator(_listed),
    Field(max_length=photo_folder.MOST_CLASSES),
]


class Privacy(BaseModel):
    """Client-level differential privacy: clip each update, add noise to the sum."""

    model_config = ConfigDict(extra="forbid")

    noise_multiplier: float = Field(default=1.0, ge=0.0, le=100.0, allow_inf_nan=False, title="Noise multiplier")
    clip: float = Field(default=1.0, ge=0.001, le=1000.0, allow_inf_nan=False, title="Clipping norm")


class _Training(BaseModel):
    """The fields before the strategies' parameters: the order here is the order in which a specification is shown."""

    model_config = ConfigDict(extra="forbid")

    dataset: DatasetName = Field(default="digits", title="Data set")
    model: ModelName = Field(default="cnn-small", title="Model")
    classes: Names = Field(default_factory=list, title="Classes")
    nodes: Names = Field(default_factory=list, title="Devices")
    clients: int = Field(default=4, ge=1, le=1000, title="Clients")
    rounds: int = Field(default=10, ge=1, le=1000, title="Rounds")
    local_epochs: int = Field(default=1, ge=1, le=50, title="Local epochs")
    batch_size: int = Field(default=32, ge=1, le=1024, title="Batch size")
    learning_rate: float = Field(default=0.05, ge=1e-6, le=10.0, allow_inf_nan=False, title="Learning rate")

    partition: Partition = Field(default="iid", title="Partition")
    alpha: float = Field(default=0.5, ge=0.01, le=1000.0, allow_inf_nan=False, title="Dirichlet alpha")

    strategy: StrategyName = Field(default="fedavg", title="Strategy")


def _parameter_field(parameter: Parameter) -> Any:
    whole = isinstance(parameter.default, int)
    upper: dict[str, Any] = {"lt" if parameter.below_most else "le": parameter.most}
    finite: dict[str, Any] = {} if whole else {"allow_inf_nan": False}
    field = Field(default=parameter.default, ge=parameter.least, title=parameter.title, **upper, **finite)
    return (int if whole else float, field)


if TYPE_CHECKING:
    _TrainingWithParameters = _Training
else:
    _FIELDS = {name: _parameter_field(parameter) for name, parameter in strategies.parameters().items()}
    _TrainingWithParameters = create_model("_TrainingWithParameters", __base__=_Training, **_FIELDS)


class RunSpec(_TrainingWithParameters):
    """Everything that decides what a run computes. Equal specifications with equal seeds give equal runs on equal replies."""

    compression: Compression = Field(default="sketch", title="Compression")
    bits: float | None = Field(default=None, ge=0.1, le=16, allow_inf_nan=False, title="Bits per value")
    share: float = Field(default=1.0, gt=0.0, le=1.0, allow_inf_nan=False, title="Share of coordinates")
    secure_aggregation: bool = Field(default=False, title="Secure aggregation")
    privacy: Privacy | None = Field(default=None, title="Differential privacy")

    quorum: int | None = Field(default=None, ge=1, le=1000, title="Quorum")
    round_deadline_s: float = Field(default=120, ge=1, le=86400, allow_inf_nan=False, title="Deadline per round")
    grace_s: float | None = Field(default=None, ge=0, le=86400, allow_inf_nan=False, title="Grace period")
    wall_clock_s: float = Field(default=6 * 3600, ge=1, le=7 * 86400, allow_inf_nan=False, title="Time limit")
    uplink_bytes_per_s: BytesPerSecond = Field(default=250_000, title="Uplink")
    downlink_bytes_per_s: BytesPerSecond = Field(default=500_000, title="Downlink")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, title="Seed")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        strategy = strategies.by_name(self.strategy)
        # Those of the other data sets are fixed, and any of their clients can be on any node.
        self.classes = photo_folder.union([self.classes]) if self.on_devices else []
        self.nodes = list(dict.fromkeys(self.nodes)) if self.on_devices else []
        if self.quorum is None:
            self.quorum = -(-2 * self.clients // 3)
        if self.quorum > self.clients:
            raise _Conflict("quorum", f"A quorum of {self.quorum} can never be met by {_clients(self.clients)}.")
        if self.secure_aggregation and self.clients < SECURE_LEAST:
            sentence = f"Secure aggregation hides nothing among fewer than {SECURE_LEAST} clients."
            raise _Conflict("secure_aggregation", sentence)
        if self.secure_aggregation and strategy.compares_updates:
            sentence = f"{strategy.label} compares single updates, and secure aggregation hides them; choose one of the two."
            raise _Conflict("strategy", sentence)
        self._settle_bits()
        self._check_strategy(strategy)
        return self

    def _settle_bits(self) -> None:
        least = self.clients.bit_length()  # of a number that holds the sum of so many single bits
        if self.bits is None:
            self.bits = max(4.0, least) if self.secure_aggregation else 1.0
        if self.secure_aggregation and self.compression == "sketch":
            if self.bits < least:
                sentence = f"Under masks the sum over {_clients(self.clients)} needs at least {least} bits per value."
                raise _Conflict("bits", sentence)
            if self.bits != int(self.bits):
                raise _Conflict("bits", "Under masks bits per value must be a whole number.")

    def _check_strategy(self, strategy: Strategy) -> None:
        if conflict := strategy.check(strategy.values(self.model_dump()), self.clients):
            raise _Conflict(conflict.field, conflict.sentence)

    @property
    def on_devices(self) -> bool:
        """Whether each client trains on its device's own photos."""
        return datasets.by_name(self.dataset).on_devices

    @property
    def rates(self) -> tuple[float, float]:
        """Bits for a value of the model in a round, up and down."""
        if self.compression == "none":
            return 32.0, 32.0
        bits = self.bits or 1.0
        return (bits * self.share, bits * self.share) if self.secure_aggregation else split_bits(bits)

    def settings(self) -> RunSettings:
        """As stored, and as the Flower app reads it."""
        return cast(RunSettings, self.model_dump())


class _Conflict(ValueError):
    """Fields that contradict each other; `field` is where a person would fix it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def read(values: Mapping[str, Any]) -> tuple[RunSpec | None, dict[str, str]]:
    """A specification, or None with one sentence for each field that is wrong or that cannot be trained with the others."""
    try:
        accepted = RunSpec.model_validate(values)
    except ValidationError as error:
        return None, problems(error)
    # Not among the validators: a stored run stays readable, whatever later versions think of it.
    infeasible = feasibility.problems(accepted)
    return (None, infeasible) if infeasible else (accepted, {})


def problems(error: ValidationError) -> dict[str, str]:
    """One sentence for each wrong field, by the field's name ("privacy.clip" inside privacy)."""
    sentences: dict[str, str] = {}
    for detail in error.errors():
        cause = detail.get("ctx", {}).get("error")
        if isinstance(cause, _Conflict):
            sentences.setdefault(cause.field, str(cause))
        else:
            name = ".".join(str(part) for part in detail["loc"] if isinstance(part, str))
            sentences.setdefault(name, _sentence(name))
    return sentences


def choices(name: str) -> tuple[str, ...]:
    """What a field that is chosen from a list may be; empty for the others."""
    if options := listed.of(name):
        return tuple(option.name for option in options)
    return tuple(value for value in get_args(RunSpec.model_fields[name].annotation) if isinstance(value, str))


def bounds(name: str) -> tuple[float, float] | None:
    """The least and the most that a number may be; None where a bound is excluded or missing."""
    field = field_of(name)
    metadata = [] if field is None else field.metadata
    low = [item.ge for item in metadata if isinstance(item, Ge)]
    high = [item.le for item in metadata if isinstance(item, Le)]
    return (float(cast(float, low[0])), float(cast(float, high[0]))) if low and high else None


_SENTENCES = {
    "share": "must be a number above 0 and up to 1",
    "secure_aggregation": "must be on or off",
    "classes": "must be a list of names of at most 60 characters",
    "nodes": "must be a list of names of devices",
    "privacy": "must be off, or a noise multiplier and a clipping norm",
}


def _sentence(name: str) -> str:
    field = field_of(name)
    if field is None:
        return f"A run has no field “{name[:40]}”."
    if options := choices(name) if name in RunSpec.model_fields else ():
        return f"{field.title} must be one of {', '.join(options)}."
    kind = "a whole number" if int in (field.annotation, *get_args(field.annotation)) else "a number"
    if limits := bounds(name):
        return f"{field.title} must be {kind} from {_number(limits[0])} to {_number(limits[1])}."
    if (parameter := strategies.parameters().get(name)) and parameter.below_most:
        return f"{field.title} must be {kind} from {_number(parameter.least)} to just under {_number(parameter.most)}."
    return f"{field.title} {_SENTENCES.get(name, 'has an invalid value')}."


def field_of(name: str) -> FieldInfo | None:
    outer, _, inner = name.partition(".")
    return Privacy.model_fields.get(inner) if outer == "privacy" and inner else RunSpec.model_fields.get(outer)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:.10f}".rstrip("0")


def _clients(count: int) -> str:
    return "one client" if count == 1 else f"{count} clients"
