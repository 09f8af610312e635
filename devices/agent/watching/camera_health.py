"""How a camera is: it works, gives nothing, shows noise, or comes and goes. Each change is an event of the camera. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from devices.contract.watches import Kind

FAILURES = 3  # in a row, after which it is lost
NOISY = 3  # frames in a row, after which it shows noise
GOOD = 3  # frames in a row, after which it is back
LOSSES, WITHIN_S = 3, 600.0  # this many losses in this time make it unsteady
STEADY_S = 300.0  # without a fault, after which an unsteady camera is back


@dataclass(frozen=True)
class Health:
    """`said`: what was last reported of it; empty: that it works. Moments are seconds since 1970."""

    said: str = ""
    failures: int = 0
    noisy: int = 0
    good: int = 0
    losses: Sequence[float] = ()
    fault_at: float = 0.0

    @property
    def is_fine(self) -> bool:
        return not self.said


def failed(health: Health, now: float) -> tuple[Health, Kind | None]:
    """It gave no picture."""
    health = replace(health, failures=health.failures + 1, good=0, fault_at=now)
    if health.failures != FAILURES:
        return health, None
    return _lost(health, now, "camera_lost")


def showed_noise(health: Health, now: float) -> tuple[Health, Kind | None]:
    health = replace(health, noisy=health.noisy + 1, good=0, failures=0, fault_at=now)
    if health.noisy != NOISY:
        return health, None
    return _lost(health, now, "camera_noise")


def worked(health: Health, now: float) -> tuple[Health, Kind | None]:
    health = replace(health, failures=0, noisy=0, good=health.good + 1)
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
