"""TensorRT for the towers, which are most of the work; what follows them is ONNX Runtime's, on the processor. No torch.

Plans are made, and their numbers compared with the bundle's reference, by a process of its own (tensorrt_check): that takes
minutes and gigabytes, and an error of the library ends it alone.
"""

import json
import logging
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from devices.compute import nvidia
from devices.compute.nvidia import Driver, DriverError
from inference.engine.bundles import lock
from inference.engine.bundles.store import MANIFEST, Store
from inference.engine.catalogue import Profile
from inference.engine.digests import sha256
from inference.engine.engines import NoEngine
from inference.engine.engines.engine import Description, Resources
from inference.engine.engines.onnx_engine import load_networks, size_of
from inference.engine.engines.onnx_networks import Sessions
from inference.engine.engines.parts_engine import PartsEngine
from inference.engine.engines.tensorrt_plans import PlanMissing, Plans, machine

LONGEST_S = 3600.0  # for all plans of a profile
AGAIN_S = 24 * 3600.0  # after which plans that could not be made are tried again
ROOT = Path(__file__).resolve().parents[3]
log = logging.getLogger(__name__)


class TensorrtEngine(PartsEngine):
    def __init__(self, profile: Profile, threads: int | None, plans: Plans) -> None:
        """Raises ModelsMissing, GpuFailed, and PlanMissing where plans are missing that are not to be made."""
        networks = load_networks(profile, Sessions(threads), plans)
        super().__init__(profile, networks, Description("tensorrt", "cuda", plans.precision, size_of(profile)))


class Verdict(NamedTuple):
    """What came of a bundle's plans on this machine."""

    precision: str  # whose numbers agree with the reference; empty where none do
    why: str = ""  # one sentence, where none do


def load(profile: Profile, resources: Resources) -> TensorrtEngine:
    """The models of a bundle, with plans that are made where they are not there yet. Raises NoEngine, ModelsMissing or
    GpuFailed."""
    if not resources.gpu or resources.cache is None:
        raise NoEngine("it computes on a GPU alone.")
    try:
        driver = nvidia.driver()
        place = resources.cache / f"{sha256(_bundle(profile) / MANIFEST)[:16]}-{machine(driver)}.json"
    except DriverError as error:
        raise NoEngine(str(error)) from None
    with lock.exclusive(Store(resources.cache), "tensorrt"):  # the agent and its doctor
        verdict = _stored(place) or _check(profile, resources, place)
        try:
            return _loaded(profile, resources, driver, verdict, place)
        except PlanMissing as missing:
            log.warning("%s Plans are made again.", missing)
            verdict = _check(profile, resources, place)
        try:
            return _loaded(profile, resources, driver, verdict, place)
        except PlanMissing as missing:
            raise NoEngine(str(missing)) from None


def _loaded(profile: Profile, resources: Resources, driver: Driver, verdict: Verdict, place: Path) -> TensorrtEngine:
    if not verdict.precision:
        raise NoEngine(f"{verdict.why} It is tried again after a day, or at once when {place} is removed.")
    assert resources.cache is not None, "load has looked"
    return TensorrtEngine(profile, resources.threads, Plans(resources.cache, driver, verdict.precision))


def _bundle(profile: Profile) -> Path:
    """The folder of the bundle that the profile was read from."""
    return next(folder.parent for folder in profile.folders.values() if folder is not None)


def _stored(place: Path) -> Verdict | None:
    try:
        precision, why = json.loads(place.read_text())
        if precision or time.time() - place.stat().st_mtime < AGAIN_S:
            return Verdict(str(precision), str(why))
    except (OSError, ValueError, TypeError):  # missing, or damaged
        return None
    return None


def _check(profile: Profile, resources: Resources, place: Path) -> Verdict:
    """Have the other process make what is missing, and keep what it says."""
    log.info("TensorRT prepares the %s models for this GPU; once, this takes minutes", profile.name)
    words = (_bundle(profile), place.parent, resources.threads or 0)
    command = [sys.executable, "-m", "inference.engine.engines.tensorrt_check", *map(str, words)]
    try:
        # Its messages go where the agent's go; the last line of its output is the verdict.
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        verdict = Verdict("", f"its plans took longer than {LONGEST_S / 60:.0f} minutes.")
    else:
        verdict = _verdict(done.stdout) if done.returncode == 0 else Verdict("", f"it ended its process ({done.returncode}).")
    part = place.with_suffix(".part")
    part.write_text(json.dumps(verdict))
    part.replace(place)
    return verdict


def _verdict(output: str) -> Verdict:
    try:
        precision, why = json.loads(output.splitlines()[-1])
    except (IndexError, ValueError, TypeError):
        return Verdict("", "it does not say what came of it.")
    return Verdict(str(precision), str(why))
