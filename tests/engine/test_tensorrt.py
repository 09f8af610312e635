"""TensorRT, as far as a machine without a GPU can show it: the driver is a library of C functions on this machine's memory, and
`tensorrt` a module that computes with ONNX Runtime (tests/engine/fake_gpu). The engine, the process that makes plans, and the
calls of the driver are the real ones.
"""

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

from devices.compute import nvidia
from inference.engine import engines
from inference.engine.bundles.store import Store, profile_of
from inference.engine.engines import NoEngine
from inference.engine.engines.choice import Models, choose
from inference.engine.engines.engine import GpuFailed, Resources
from inference.engine.engines.onnx_engine import OnnxEngine
from inference.engine.runner import Vision

FAKE = Path(__file__).parent / "fake_gpu"
OURS = ("tensorrt_network", "tensorrt_plans", "tensorrt_engine", "tensorrt_check")
KIND = next(kind for kind in engines.ENGINES if kind.name == "tensorrt")
GPU = "fake-orin-nvgpu-sm87"


@pytest.fixture(scope="module")
def driver_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("driver")
    if (compiler := shutil.which("cc") or shutil.which("gcc")) is None:
        pytest.skip("There is no C compiler for the fake driver.")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", folder / "libcuda.so.1", FAKE / "libcuda.c"], check=True)
    (folder / "nvidia0").touch()
    return folder


@pytest.fixture
def gpu(driver_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with a GPU, as it seems, for this process and those that it starts."""
    monkeypatch.setattr(nvidia, "LIBRARY", str(driver_folder / "libcuda.so.1"))
    monkeypatch.setattr(nvidia, "DEVICES", (driver_folder / "nvidia0",))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(driver_folder))
    monkeypatch.setenv("PYTHONPATH", str(FAKE))
    monkeypatch.setenv("ISTHMUS_ENGINE", "tensorrt")
    monkeypatch.syspath_prepend(str(FAKE))
    nvidia.driver.cache_clear()
    yield
    nvidia.driver.cache_clear()
    forget()


def forget() -> None:
    """What was imported with a fake `tensorrt`."""
    sys.modules.pop("tensorrt", None)
    for name in OURS:
        sys.modules.pop(f"inference.engine.engines.{name}", None)
        vars(engines).pop(name, None)


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    return Resources(threads=1, device="auto", cache=tmp_path / "engines")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("once")


@pytest.fixture
def prepared(gpu: None, once: Path, bundles: Store, resources: Resources) -> Resources:
    """With plans that were made before; by the process that makes them, for the first test that needs them."""
    if not (once / "engines").exists():
        choose("compact", bundles, Resources(1, "auto", once / "engines"))
    assert resources.cache is not None
    shutil.copytree(once / "engines", resources.cache)
    return resources


def module(name: str) -> ModuleType:
    """Imported with the fake `tensorrt`, once that can be found."""
    return importlib.import_module(f"inference.engine.engines.{name}")


def plans(resources: Resources) -> list[Path]:
    assert resources.cache is not None
    return sorted(resources.cache.glob("*.plan"))


def refusal(bundles: Store, resources: Resources) -> str:
    """Why the engine is passed over."""
    trial = Models("compact", bundles, resources).trial(KIND)
    assert trial.engine is None
    return trial.why


@pytest.mark.slow
def test_it_gives_the_answers_of_the_other_engines(
    gpu: None, bundles: Store, prepared: Resources, compact: Vision, image: Image.Image
) -> None:
    chosen = choose("compact", bundles, prepared)
    what = chosen.engine.description
    assert (what.name, what.device, what.precision) == ("tensorrt", "cuda", "float16")
    k = compact.profile.split_points("classify")[-1]
    for task, question in (("classify", ""), ("vqa", "what colour is it?"), ("caption", "")):
        assert chosen.engine.whole(task, image, question).text == compact.engine.whole(task, image, question).text
        features = chosen.engine.head(task, image, k)
        assert chosen.engine.tail(task, features, k, question).text == compact.engine.whole(task, image, question).text
    names = [plan.name.split("-", 1)[1] for plan in plans(prepared)]
    assert names == [f"10.3.0-{GPU}-float16.plan"] * 2  # of the tower's two pieces, which three tasks share


@pytest.mark.slow
def test_plans_are_made_once(gpu: None, bundles: Store, prepared: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {plan: plan.stat().st_mtime_ns for plan in plans(prepared)}
    monkeypatch.setattr(module("tensorrt_engine"), "_check", lambda *_: pytest.fail("another process was started"))
    choose("compact", bundles, prepared)
    assert {plan: plan.stat().st_mtime_ns for plan in plans(prepared)} == before


@pytest.mark.slow
def test_damaged_plans_are_made_again(gpu: None, bundles: Store, prepared: Resources, image: Image.Image) -> None:
    victim = plans(prepared)[0]
    content = victim.read_bytes()
    victim.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert choose("compact", bundles, prepared).engine.whole("classify", image, "").text
    assert victim.read_bytes() == content


@pytest.mark.parametrize("damage", ["cut", "missing", "empty", "unreadable by TensorRT"])
def test_every_damage_is_noticed(damage: str, network: Any, resources: Resources) -> None:
    _, file = network
    assert resources.cache is not None
    (victim,), ours = plans(resources), module("tensorrt_plans")
    content = victim.read_bytes()
    victim.write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    if damage == "missing":
        victim.unlink()
    elif damage == "unreadable by TensorRT":
        ours._write(victim, b"a plan of another version\n")
    with pytest.raises(ours.PlanMissing):
        ours.Plans(resources.cache, nvidia.driver(), ours.FULL).open(file)
    ours.Plans(resources.cache, nvidia.driver(), ours.FULL, makes=True).open(file)
    assert victim.read_bytes() == content


@pytest.mark.slow
def test_another_version_of_tensorrt_makes_plans_of_its_own(
    gpu: None, bundles: Store, prepared: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_TENSORRT_VERSION", "10.13.3")
    forget()
    assert choose("compact", bundles, prepared).engine.description.name == "tensorrt"
    assert [plan.name.split("-", 1)[1] for plan in plans(prepared)] == [f"10.13.3-{GPU}-float16.plan"] * 2


@pytest.mark.slow
def test_where_half_precision_is_too_far_off_plans_are_in_float32(
    gpu: None, bundles: Store, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_TENSORRT_FAIL", "half")
    assert choose("compact", bundles, resources).engine.description.precision == "float32"


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
    chosen = choose("compact", bundles, resources)
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
    expected = OnnxEngine(profile_of(folder), Resources(1, "cpu")).whole("classify", image, "").text
    chosen = choose("compact", bundles, prepared)
    monkeypatch.delenv("ISTHMUS_ENGINE")
    network: Any = next(iter(chosen.engine._engine.parts["classify"].networks.vision.pieces.values()))  # type: ignore[attr-defined]
    network._memory = {name: module("tensorrt_network")._Memory(network._driver) for name in network._memory}
    monkeypatch.setenv("FAKE_CUDA_FAIL", "cuMemAlloc_v2=2")
    assert chosen.engine.whole("classify", image, "").text == expected
    what = chosen.engine.description
    assert (what.name, what.device) == ("onnx", "cpu")
    assert what.note == "The GPU is not used: The GPU's memory is used up."


@pytest.fixture
def network(gpu: None, bundles: Store, resources: Resources) -> Any:
    """The tower's last piece, and the file that it was made of."""
    folder = bundles.current("compact")
    assert folder is not None and resources.cache is not None
    file = max((folder / "classify").glob("tower-*.onnx"), key=lambda file: file.stat().st_size)
    plans = module("tensorrt_plans")
    return plans.Plans(resources.cache, nvidia.driver(), plans.FULL, makes=True).open(file), file


@pytest.mark.parametrize("count", [1, 8, 9, 20])
def test_more_photos_than_a_plan_takes_go_in_several_calls(count: int, network: Any) -> None:
    compiled, file = network
    shape = onnx.load(file, load_external_data=False).graph.input[0].type.tensor_type.shape.dim
    photos = np.random.default_rng(0).random((count, *(size.dim_value for size in shape[1:])), np.float32)
    [results] = compiled(photos[:, ::-1])  # not contiguous
    [last] = compiled(np.ascontiguousarray(photos[-1:, ::-1]))
    assert len(results) == count and np.allclose(results[-1:], last, atol=1e-4)


def test_a_shape_that_the_plan_does_not_have_is_refused(network: Any) -> None:
    compiled, _ = network
    with pytest.raises((GpuFailed, ValueError)):
        compiled(np.zeros((1, 3, 8), np.float32))


def test_what_tensorrt_wants_to_know_beforehand_is_constant_once_folded(gpu: None, bundles: Store) -> None:
    """Kernels and biases of convolutions, and axes: its parser takes them as initializers alone."""
    folder, wanted = bundles.current("compact"), {"Conv": (1, 2), "Pad": (2, 3), "ReduceMean": (1,), "Slice": (3, 4)}
    assert folder is not None
    for file in (folder / "classify").glob("tower-*.onnx"):
        graph = onnx.load_from_string(module("tensorrt_plans").folded(file)).graph
        constants = {weight.name for weight in graph.initializer} | {""}
        for node in graph.node:
            named = [node.input[place] for place in wanted.get(node.op_type, ()) if place < len(node.input)]
            assert set(named) <= constants, f"{file.name}: {node.op_type} {node.name}"
        assert {node.domain for node in graph.node} == {""}


def test_a_verdict_that_cannot_be_read_is_made_again(gpu: None, tmp_path: Path) -> None:
    place, engine = tmp_path / "verdict.json", module("tensorrt_engine")
    for content in ("", "{", "[1]", "7"):
        place.write_text(content)
        assert engine._stored(place) is None
    place.write_text(json.dumps(["float32", ""]))
    assert engine._stored(place) == ("float32", "")


def test_without_the_module_it_is_absent() -> None:
    with pytest.raises(NoEngine, match="tensorrt is not installed"):
        Models("compact", Store(Path("/nonexistent")), Resources())._load(KIND)
