"""Bounded types that the jobs and the heartbeat are made of. A number that is not finite is refused everywhere."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

STORABLE = r"^[^\x00]*$"  # PostgreSQL stores every character but NUL
SplitPoint = Annotated[int, Field(ge=0, le=999)]
Level = Annotated[int, Field(ge=0, le=255)]
Bytes = Annotated[int, Field(ge=0, le=1 << 40)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Milliseconds = Annotated[float, Field(ge=0, le=86_400_000, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)]
Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
PhotoId = Annotated[str, Field(max_length=200)]
BlobName = Annotated[str, Field(max_length=120)]
TaskName = Annotated[str, Field(min_length=1, max_length=20, pattern=STORABLE)]
Line = Annotated[str, Field(max_length=120, pattern=STORABLE)]


class Sent(BaseModel):
    """Leaves this program. An unknown field is a mistake, and refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Crop(Sent):
    """A rectangle of a photo; edges as fractions of its width and height, from the top left corner."""

    left: Probability
    top: Probability
    right: Probability
    bottom: Probability

    @model_validator(mode="after")
    def _is_not_empty(self) -> "Crop":
        if self.left >= self.right or self.top >= self.bottom:
            raise ValueError("a crop ends after it begins")
        return self


class Received(BaseModel):
    """Comes from another machine, which may be newer: fields it adds are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)
