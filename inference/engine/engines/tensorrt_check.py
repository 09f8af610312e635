"""`python -m inference.engine.engines.tensorrt_check BUNDLE CACHE THREADS` makes the plans of a bundle that are not in the
cache yet, compares what they compute with the bundle's reference, and prints a Verdict as JSON.

Half precision comes first; where its numbers are too far off, there are plans in float32.
"""

import json
import logging
import sys
from pathlib import Path

from devices.compute import nvidia
from inference.engine.bundles import reference
from inference.engine.bundles.store import profile_of
from inference.engine.engines.engine import GpuFailed
from inference.engine.engines.tensorrt_engine import TensorrtEngine, Verdict
from inference.engine.engines.tensorrt_plans import FULL, HALF, Plans, machine

log = logging.getLogger("tensorrt")


def main(bundle: Path, cache: Path, threads: int | None) -> Verdict:
    """`threads`: of ONNX Runtime. Raises ModelsMissing, DriverError."""
    profile, driver, why = profile_of(bundle), nvidia.driver(), ""
    for precision in (HALF, FULL):
        try:
            engine = TensorrtEngine(profile, threads, Plans(cache, driver, precision, makes=True))
            points = {task: profile.split_points(task) for task in engine.parts}
            why = reference.difference(bundle, engine.parts, points, precision)
        except GpuFailed as failure:
            why = str(failure)
        if not why:
            _remove_others(cache, machine(driver))
            return Verdict(precision)
        log.warning("%s: %s", precision, why)
    return Verdict("", why)


def _remove_others(cache: Path, ours: str) -> None:
    """Plans of another TensorRT, or of a board whose disk this was."""
    for plan in cache.glob("*.plan"):
        if f"-{ours}-" not in plan.name:
            plan.unlink(missing_ok=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(levelname).1s %(name)s: %(message)s", stream=sys.stderr)
    verdict = main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) or None)
    sys.stdout.write(f"{json.dumps(verdict)}\n")
