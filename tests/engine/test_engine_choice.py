"""Which engine computes: one that agrees with the bundle's reference; others are passed over, with the reason."""

from collections.abc import Iterator

import onnxruntime
import pytest

from inference.engine import engines
from inference.engine.bundles import reference, store
from inference.engine.bundles.store import Store
from inference.engine.catalogue import Profile
from inference.engine.engines.choice import choose
from inference.engine.engines.engine import EngineType, Resources
from inference.engine.engines.onnx_engine import NO_GPU, OnnxEngine
from inference.engine.engines.parts_engine import PartsEngine
from inference.engine.runner import Vision

ONE = Resources(threads=1)


def test_a_gpu_that_is_listed_and_does_not_compute_leaves_it_to_the_processor(
    bundles: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the ordinary onnxruntime-gpu on a Jetson; ONNX Runtime then warns and takes the processor by itself."""
    folder = bundles.current("compact")
    assert folder is not None
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"):
        description = OnnxEngine(store.profile_of(folder), ONE).description
    assert (description.device, description.note) == ("cpu", NO_GPU)


class Failing(OnnxEngine):
    """Its library does not fit this machine."""

    def __init__(self, profile: Profile, resources: Resources) -> None:
        raise RuntimeError("no kernel image is available for execution on the device")


def test_an_engine_that_fails_is_passed_over_with_the_reason(bundles: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ENGINES", [EngineType("failing", (), True, Failing), *engines.ENGINES])
    chosen = choose("compact", bundles.current("compact"), ONE)
    assert chosen.engine.description.name == "onnx"
    assert chosen.reason.startswith("failing: it fails on this machine (RuntimeError).")


class Wrong(OnnxEngine):
    """Its tower is off by a constant."""

    def __init__(self, profile: Profile, resources: Resources) -> None:
        super().__init__(profile, resources)
        vision, right = self.parts["classify"].networks.vision, self.parts["classify"].networks.vision.whole
        vision.whole = lambda pixels: right(pixels) + 1  # type: ignore[method-assign]


@pytest.fixture
def wrong_first() -> Iterator[None]:
    engines.ENGINES.insert(0, EngineType("wrong", (), True, Wrong))
    yield
    del engines.ENGINES[0]


def test_an_engine_that_disagrees_is_passed_over_with_the_reason(bundles: Store, wrong_first: None) -> None:
    chosen = choose("compact", bundles.current("compact"), ONE)
    assert chosen.engine.description.name == "onnx"
    assert chosen.reason.startswith("wrong: Its classify.tokens differ from the reference by ")


def test_without_a_bundle_torch_computes_and_the_reason_says_so() -> None:
    chosen = choose("compact", None, ONE)
    assert chosen.engine.description.name == "torch"
    assert chosen.reason == "onnx: there is no bundle of the compact models here."


def test_a_setting_names_the_engine(bundles: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_ENGINE", "torch")
    assert choose("compact", bundles.current("compact"), ONE).engine.description.name == "torch"
    monkeypatch.setenv("ISTHMUS_ENGINE", "steam")
    with pytest.raises(engines.NoEngine, match="ISTHMUS_ENGINE names no engine: steam; use onnx or tensorrt or torch"):
        choose("compact", bundles.current("compact"), ONE)


def test_the_reference_agrees_with_the_weights(bundles: Store, compact: Vision) -> None:
    folder = bundles.current("compact")
    assert folder is not None and isinstance(compact.engine, PartsEngine)
    points = {task: compact.profile.split_points(task) for task in compact.engine.parts}
    assert reference.difference(folder, compact.engine.parts, points, "float32") == ""
