"""Which engine computes a profile on this machine: the fastest that gives what the bundle's reference says. No torch.

Engines are tried in the order of their list, and the first that agrees is taken. Where there may be a GPU, every engine that
may use it is loaded as well, and the fastest of all is taken, by a measurement.
"""

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inference.engine import catalogue, engines
from inference.engine.bundles import reference
from inference.engine.bundles.store import Store, profile_of
from inference.engine.catalogue import ModelsMissing, Profile
from inference.engine.engines import NoEngine
from inference.engine.engines.engine import Engine, EngineType
from inference.engine.engines.parts_engine import PartsEngine
from inference.engine.tasks import SHARED_TOWER

REPEATS = 5
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    engine: Engine
    reason: str  # sentences for the node's page


@dataclass(frozen=True)
class _Trial:
    engine: Engine
    ms: float  # of a whole answer


def choose(name: str, bundles: Store, threads: int | None = None) -> Choice:
    """Raises UnknownProfile, NoEngine or ModelsMissing."""
    wanted, bundle, reasons = os.environ.get("ISTHMUS_ENGINE") or "", bundles.current(name), list[str]()
    plain, missing = catalogue.profile(name), ""
    if wanted and wanted not in [kind.name for kind in engines.ENGINES]:
        raise NoEngine(f"ISTHMUS_ENGINE names no engine: {wanted}; use {' or '.join(kind.name for kind in engines.ENGINES)}.")
    agreeing = list[_Trial]()
    for kind in engines.ENGINES:
        if (wanted and kind.name != wanted) or (agreeing and not kind.sees_gpu()):
            continue
        try:
            engine = _load(kind, plain, bundle, threads)
            if disagreement := _disagreement(engine, bundle):
                reasons.append(f"{kind.name}: {disagreement}")
                continue
            agreeing.append(_Trial(engine, _whole_ms(engine)))
        except (ModelsMissing, _NotHere) as error:
            reasons.append(f"{kind.name}: {error}")
            missing = missing or (str(error) if isinstance(error, ModelsMissing) else "")
        except Exception as error:  # whatever a library or a driver raises: the other engines may compute
            log.exception("%s cannot compute the %s models", kind.name, name)
            reasons.append(f"{kind.name}: it fails on this machine ({type(error).__name__}).")
    if not agreeing:
        if missing:
            raise ModelsMissing(missing)
        raise NoEngine(f"No engine can compute the {name} models on this machine. {' '.join(reasons)}")
    best = min(agreeing, key=lambda trial: trial.ms)
    reasons += [note for trial in agreeing if (note := trial.engine.description.note)]
    reasons += [f"{trial.engine.description.name}: {trial.ms:.0f} ms a photo." for trial in agreeing if len(agreeing) > 1]
    return Choice(best.engine, " ".join(reasons))


class _NotHere(Exception):
    """One sentence."""


def _load(kind: EngineType, plain: Profile, bundle: Path | None, threads: int | None) -> Engine:
    if absence := kind.absence():
        raise _NotHere(absence)
    if not kind.reads_bundles:
        return kind.load(plain, threads)
    if bundle is None:
        raise _NotHere(f"there is no bundle of the {plain.name} models here.")
    return kind.load(profile_of(bundle), threads)


def _disagreement(engine: Engine, bundle: Path | None) -> str:
    """One sentence; empty without a reference to compare with."""
    if bundle is None or not isinstance(engine, PartsEngine):
        return ""
    points = {task: engine.profile.split_points(task) for task in engine.parts}
    return reference.difference(bundle, engine.parts, points, engine.description.precision)


def _whole_ms(engine: Engine) -> float:
    """Milliseconds of the classifier's answer about a photo, the least of a few."""
    image = reference.picture()
    return min(_timed(lambda: engine.whole(SHARED_TOWER, image, "")) for _ in range(REPEATS))


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)
