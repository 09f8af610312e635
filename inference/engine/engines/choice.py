"""Which engine computes a profile on this machine: the fastest that gives what the bundle's reference says. No torch.

Engines are tried in the order of their list, and the first that agrees is taken. Where there may be a GPU, every engine that
may use it is loaded as well, and the fastest of all is taken, by a measurement.
"""

import copy
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inference.engine import catalogue, engines
from inference.engine.bundles import reference
from inference.engine.bundles.store import profile_of
from inference.engine.catalogue import ModelsMissing
from inference.engine.engines import NoEngine
from inference.engine.engines.engine import Description, Engine, EngineType, GpuFailed, Query, Resources
from inference.engine.engines.gpu_fallback import GpuWithFallback
from inference.engine.engines.parts_engine import PartsEngine
from inference.engine.tasks import SHARED_TOWER

REPEATS, CPU = 5, "cpu"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    engine: Engine
    reason: str  # sentences for the node's page


@dataclass(frozen=True)
class Trial:
    """What became of an engine on this machine: loaded, compared with the reference, and timed; or why it cannot be used."""

    kind: EngineType
    why: str = ""  # one sentence; empty where it can be used
    models_missing: bool = False
    engine: Engine | None = None
    description: Description | None = None
    ms: float = 0.0  # of a whole answer
    compared: bool = False  # with a reference, which comes with a bundle


class Models:
    """A profile's models, as they are on this machine."""

    def __init__(self, name: str, bundle: Path | None, resources: Resources) -> None:
        """`bundle`: the folder of the exported models, if there is one here. Raises UnknownProfile."""
        self.plain, self.bundle, self.resources = catalogue.profile(name), bundle, resources

    def trial(self, kind: EngineType) -> Trial:
        try:
            engine = self._load(kind)
            if why := self._disagreement(engine):
                return Trial(kind, why)
            compared = self.bundle is not None and isinstance(engine, PartsEngine)
            return Trial(kind, engine=engine, description=engine.description, ms=_whole_ms(engine), compared=compared)
        except ModelsMissing as error:
            return Trial(kind, str(error), models_missing=True)
        except (NoEngine, GpuFailed) as error:
            return Trial(kind, str(error))
        except Exception as error:  # whatever a library or a driver raises: the other engines may compute
            log.exception("%s cannot compute the %s models", kind.name, self.plain.name)
            return Trial(kind, f"it fails on this machine ({type(error).__name__}).")

    def _load(self, kind: EngineType) -> Engine:
        if absence := kind.absence():
            raise NoEngine(absence)
        if not kind.reads_bundles:
            return kind.load(self.plain, self.resources)
        if self.bundle is None:
            raise NoEngine(f"there is no bundle of the {self.plain.name} models here.")
        return kind.load(profile_of(self.bundle), self.resources)

    def _disagreement(self, engine: Engine) -> str:
        """One sentence; empty without a reference to compare with."""
        if self.bundle is None or not isinstance(engine, PartsEngine):
            return ""
        points = {task: engine.profile.split_points(task) for task in engine.parts}
        return reference.difference(self.bundle, engine.parts, points, engine.description.precision)

    def again(self, kind: EngineType) -> Engine:
        """Raises NoEngine."""
        trial = self.trial(kind)
        if trial.engine is None:
            raise NoEngine(trial.why)
        return trial.engine

    def on_processor(self) -> Engine:
        """On the first engine of the list that computes there, whatever ISTHMUS_ENGINE names. Raises NoEngine."""
        models = copy.copy(self)
        models.resources = replace(self.resources, device=CPU)
        for kind in engines.ENGINES:
            if (trial := models.trial(kind)).engine is not None:
                return trial.engine
        raise NoEngine("No engine can compute on the processor either.")


def candidates() -> list[EngineType]:
    """In the order in which they are tried. Raises NoEngine."""
    wanted = os.environ.get("ISTHMUS_ENGINE") or ""
    named = [kind for kind in engines.ENGINES if wanted in ("", kind.name)]
    if not named:
        raise NoEngine(f"ISTHMUS_ENGINE names no engine: {wanted}; use {' or '.join(kind.name for kind in engines.ENGINES)}.")
    return named


def preferred(trials: Sequence[Trial]) -> Trial | None:
    """The fastest of those that may use a GPU and of the first one; None where none can be used."""
    usable = [trial for trial in trials if not trial.why]
    rivals = [trial for number, trial in enumerate(usable) if number == 0 or trial.kind.sees_gpu()]
    return min(rivals, key=lambda trial: trial.ms, default=None)


def choose(name: str, bundle: Path | None, resources: Resources) -> Choice:
    """As Models. Raises UnknownProfile, NoEngine or ModelsMissing."""
    models, trials = Models(name, bundle, resources), list[Trial]()
    kinds = candidates()
    if len(kinds) > 1:
        kinds = [kind for kind in kinds if kind.sees_gpu() or not kind.needs_gpu]
    for kind in kinds:
        if all(trial.why for trial in trials) or kind.sees_gpu():
            trials.append(models.trial(kind))
    best = preferred(trials)
    if best is None or best.engine is None:
        missing = [trial.why for trial in trials if trial.models_missing]
        if missing:
            raise ModelsMissing(missing[0])
        raise NoEngine(f"No engine can compute the {name} models on this machine. {_reason(trials)}")
    if best.engine.description.device == CPU:
        return Choice(best.engine, _reason(trials))
    kind = best.kind
    return Choice(GpuWithFallback(best.engine, lambda: models.again(kind), models.on_processor), _reason(trials))


def _reason(trials: Sequence[Trial]) -> str:
    sentences = [f"{trial.kind.name}: {trial.why}" for trial in trials if trial.why]
    usable = [(trial.description, trial.ms) for trial in trials if trial.description is not None]
    if len(usable) == 1:
        return " ".join([*sentences, *(what.note for what, _ in usable if what.note)])
    sentences += [f"{what.name}: {what.note}" for what, _ in usable if what.note]
    return " ".join([*sentences, *(f"{what.name}: {ms:.0f} ms a photo." for what, ms in usable)])


def _whole_ms(engine: Engine) -> float:
    """Milliseconds of the classifier's answer about a photo, the least of a few."""
    image = reference.picture()
    return min(_timed(lambda: engine.wholes([Query(SHARED_TOWER, "")], [image])) for _ in range(REPEATS))


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)
