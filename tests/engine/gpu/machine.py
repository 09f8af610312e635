"""What tests of TensorRT need of the fakes beside this file."""

import importlib
import sys
from pathlib import Path
from types import ModuleType

from inference.engine import engines
from inference.engine.bundles.store import Store
from inference.engine.engines.choice import Models
from inference.engine.engines.engine import Resources

FAKE = Path(__file__).parent / "fake"
OURS = ("tensorrt_network", "tensorrt_plans", "tensorrt_engine", "tensorrt_check")
KIND = next(kind for kind in engines.ENGINES if kind.name == "tensorrt")


def forget() -> None:
    """What was imported with a fake `tensorrt`."""
    sys.modules.pop("tensorrt", None)
    for name in OURS:
        sys.modules.pop(f"inference.engine.engines.{name}", None)
        vars(engines).pop(name, None)


def module(name: str) -> ModuleType:
    """Imported with the fake `tensorrt`, once that can be found."""
    return importlib.import_module(f"inference.engine.engines.{name}")


def plans(resources: Resources) -> list[Path]:
    assert resources.cache is not None
    return sorted(resources.cache.glob("*.plan"))


def refusal(bundles: Store, resources: Resources) -> str:
    """Why the engine is passed over."""
    trial = Models("compact", bundles.current("compact"), resources).trial(KIND)
    assert trial.engine is None
    return trial.why
