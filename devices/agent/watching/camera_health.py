"""How a camera is: it works, gives nothing, shows noise or black, or comes and goes. Each change is an event of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from devices.contract.watches import Kind

FAILURES = 3  # in a row, after which it is lost
BLANK = 3  # frames in a row that show nothing, after which it is reported
DARK_S = 10.0  # of black frames, after which that is reported: a light that is switched off and on is no event
GOOD = 3  # frames in a row, after which it is back
LOSSES, WITHIN_S = 3, 600.0  # this many losses in this time make it unsteady
STEADY_S = 300.0  # without a fault, after which an unsteady camera is back
Blank = Literal["camera_noise", "camera_dark"]


@dataclass(frozen=True)
class Health:
    """`said`: what was last reported of it; empty: that it works. `blank`: frames in a row that show nothing, of the kind
    `shows` and since `blank_at`. Moments are seconds since 1970."""

    said: str = ""
    failures: int = 0
    shows: str = ""
    blank: int = 0
    blank_at: float = 0.0
    good: int = 0
    losses: Sequence[float] = ()
    fault_at: float = 0.0

    @property
    def is_fine(self) -> bool:
        return not self.said


def failed(health: Health, now: float) -> tuple[Health, Kind | None]:
    """It gave no picture."""
    health = replace(health, failures=health.failures + 1, blank=0, good=0, fault_at=now)
    if health.failures != FAILURES:
        return health, None
    return _lost(health, now, "camera_lost")


def showed_nothing(health: Health, now: float, kind: Blank) -> tuple[Health, Kind | None]:
    """Noise, or black."""
    goes_on = health.shows == kind and health.blank > 0 and now >= health.blank_at
    health = replace(
        health, shows=kind, blank=health.blank + 1 if goes_on else 1, blank_at=health.blank_at if goes_on else now,
        good=0, failures=0, fault_at=now,
    )  # fmt: skip
    if health.blank < BLANK or (kind == "camera_dark" and now - health.blank_at < DARK_S) or health.said == kind:
        return health, None
    return _lost(health, now, kind)


def worked(health: Health, now: float) -> tuple[Health, Kind | None]:
    health = replace(health, failures=0, blank=0, good=health.good + 1)
    if health.is_fine or health.good < GOOD:
        return health, None
    if health.said == "camera_unsteady" and 0 <= now - health.fault_at < STEADY_S:
        return health, None
    return replace(health, said=""), "camera_back"


def _lost(health: Health, now: float, kind: Kind) -> tuple[Health, Kind | None]:
    losses = (*(at for at in health.losses if 0 <= now - at < WITHIN_S), now)
    unsteady = len(losses) >= LOSSES
    kind = "camera_unsteady" if unsteady else kind
    health = replace(health, losses=losses[-LOSSES:])
    if health.said in (kind, "camera_unsteady"):
        return health, None
    return replace(health, said=kind), kind
