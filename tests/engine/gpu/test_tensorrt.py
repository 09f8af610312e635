"""TensorRT, as far as a machine without a GPU can show it: the driver is a library of C functions on this machine's memory, and
`tensorrt` a module that computes with ONNX Runtime (tests/engine/gpu/fake). The engine, the process that makes plans, and the
calls of the driver are the real ones.
"""

import os
import time
from typing import Any

import pytest
from PIL import Image

from inference.engine import engines
from inference.engine.bundles.store import Store, profile_of
from inference.engine.engines import NoEngine
from inference.engine.engines.choice import Models, choose
from inference.engine.engines.engine import Resources
from inference.engine.engines.onnx_engine import OnnxEngine
from inference.engine.runner import Vision
from tests.engine.gpu.machine import KIND, forget, module, plans, refusal
from tests.one_query import tail, whole

GPU = "fake-orin-nvgpu-sm87"


@pytest.mark.slow
def test_it_gives_the_answers_of_the_other_engines(
    gpu: None, bundles: Store, prepared: Resources, compact: Vision, image: Image.Image
) -> None:
    chosen = choose("compact", bundles.current("compact"), prepared)
    what = chosen.engine.description
    assert (what.name, what.device, what.precision) == ("tensorrt", "cuda", "float16")
    k = compact.profile.split_points("classify")[-1]
    for task, question in (("classify", ""), ("vqa", "what colour is it?"), ("caption", "")):
        assert whole(chosen.engine, task, image, question).text == whole(compact.engine, task, image, question).text
        features = chosen.engine.head(task, image, k)
        assert tail(chosen.engine, task, features, k, question).text == whole(compact.engine, task, image, question).text
    names = [plan.name.split("-", 1)[1] for plan in plans(prepared)]
    assert names == [f"10.3.0-{GPU}-float16.plan"] * 2  # of the tower's two pieces, which three tasks share


@pytest.mark.slow
def test_plans_are_made_once(gpu: None, bundles: Store, prepared: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {plan: plan.stat().st_mtime_ns for plan in plans(prepared)}
    monkeypatch.setattr(module("tensorrt_engine"), "_check", lambda *_: pytest.fail("another process was started"))
    choose("compact", bundles.current("compact"), prepared)
    assert {plan: plan.stat().st_mtime_ns for plan in plans(prepared)} == before


@pytest.mark.slow
def test_damaged_plans_are_made_again(gpu: None, bundles: Store, prepared: Resources, image: Image.Image) -> None:
    victim = plans(prepared)[0]
    content = victim.read_bytes()
    victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert whole(choose("compact", bundles.current("compact"), prepared).engine, "classify", image).text
    assert victim.read_bytes() == content


@pytest.mark.slow
@pytest.mark.long
def test_another_version_of_tensorrt_makes_plans_of_its_own(
    gpu: None, bundles: Store, prepared: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_TENSORRT_VERSION", "10.13.3")
    forget()
    assert choose("compact", bundles.current("compact"), prepared).engine.description.name == "tensorrt"
    assert [plan.name.split("-", 1)[1] for plan in plans(prepared)] == [f"10.13.3-{GPU}-float16.plan"] * 2


@pytest.mark.slow
@pytest.mark.long
def test_where_half_precision_is_too_far_off_plans_are_in_float32(
    gpu: None, bundles: Store, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_TENSORRT_FAIL", "half")
    assert choose("compact", bundles.current("compact"), resources).engine.description.precision == "float32"


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        ("parse", "The GPU is not used: TensorRT cannot read the network (No importer registered for op: Conv)."),
        (
            "build",
            "The GPU is not used: TensorRT cannot make a plan (Error Code 10: Could not find any implementation for node "
            "{ForeignNode}.).",
        ),
        ("crash", "it ended its process (-6)."),
    ],
)
def test_a_network_that_tensorrt_cannot_compile_passes_it_over(
    failure: str, sentence: str, gpu: None, bundles: Store, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is tried again after a day."""
    monkeypatch.setenv("FAKE_TENSORRT_FAIL", failure)
    why = refusal(bundles, resources)
    assert resources.cache is not None
    (verdict,) = resources.cache.glob("*.json")
    assert why == f"{sentence} It is tried again after a day, or at once when {verdict} is removed."
    monkeypatch.setattr(module("tensorrt_engine"), "_check", lambda *_: pytest.fail("it was tried again at once"))
    assert refusal(bundles, resources) == why
    yesterday = time.time() - 25 * 3600
    os.utime(verdict, (yesterday, yesterday))
    assert module("tensorrt_engine")._stored(verdict) is None


def test_an_engine_that_is_passed_over_leaves_its_sentence_on_the_nodes_card(
    gpu: None, bundles: Store, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_TENSORRT_FAIL", "parse")
    monkeypatch.delenv("ISTHMUS_ENGINE")
    monkeypatch.setattr(engines, "ENGINES", [kind for kind in engines.ENGINES if kind.name in ("onnx", "tensorrt")])
    chosen = choose("compact", bundles.current("compact"), resources)
    assert chosen.engine.description.name == "onnx"
    assert chosen.reason.startswith("tensorrt: The GPU is not used: TensorRT cannot read the network")


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("cuInit=100", "The driver finds no GPU."),
        ("cuInit=999", "The GPU's driver fails: unknown error (cuInit, 999)."),
        ("cuDevicePrimaryCtxRetain=2", "The GPU's memory is used up."),
    ],
)
def test_a_driver_that_does_not_work_passes_it_over(
    setting: str, sentence: str, gpu: None, bundles: Store, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CUDA_FAIL", setting)
    assert refusal(bundles, resources) == sentence


def test_it_needs_a_gpu_and_a_folder_for_its_plans(gpu: None, bundles: Store, resources: Resources) -> None:
    for lacking in (Resources(1, "cpu", resources.cache), Resources(1, "auto", None)):
        assert refusal(bundles, lacking) == "it computes on a GPU alone."


@pytest.mark.slow
def test_a_gpu_whose_memory_is_used_up_leaves_the_answer_to_the_processor(
    gpu: None, bundles: Store, prepared: Resources, image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bundles.current("compact")
    assert folder is not None
    expected = whole(OnnxEngine(profile_of(folder), Resources(1, "cpu")), "classify", image).text
    chosen = choose("compact", bundles.current("compact"), prepared)
    network: Any = next(iter(chosen.engine._engine.parts["classify"].networks.vision.pieces.values()))  # type: ignore[attr-defined]
    network._memory = {name: module("tensorrt_network")._Memory(network._driver) for name in network._memory}
    monkeypatch.setenv("FAKE_CUDA_FAIL", "cuMemAlloc_v2=2")
    assert whole(chosen.engine, "classify", image).text == expected
    what = chosen.engine.description
    assert (what.name, what.device) == ("onnx", "cpu")
    assert what.note == "The GPU is not used: The GPU's memory is used up."


def test_without_the_module_it_is_absent() -> None:
    with pytest.raises(NoEngine, match="tensorrt is not installed"):
        Models("compact", None, Resources())._load(KIND)
