"""Plans of TensorRT: what they are made of, kept as, and how they compute. On fakes, see test_tensorrt.py."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from devices.compute import nvidia
from inference.engine.bundles.store import Store
from inference.engine.engines.engine import GpuFailed, Resources
from tests.engine.gpu.machine import module, plans


@pytest.fixture
def network(gpu: None, bundles: Store, resources: Resources) -> Any:
    """The tower's last piece, and the file that it was made of."""
    folder = bundles.current("compact")
    assert folder is not None and resources.cache is not None
    file = max((folder / "classify").glob("tower-*.onnx"), key=lambda file: file.stat().st_size)
    plans = module("tensorrt_plans")
    return plans.Plans(resources.cache, nvidia.driver(), plans.FULL, makes=True).open(file), file


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


def test_a_gpu_without_room_for_a_plan_is_no_reason_to_make_it_again(
    network: Any, resources: Resources, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, (_, file) = module("tensorrt_plans"), network
    monkeypatch.setenv("FAKE_TENSORRT_FAIL", "memory")
    with pytest.raises(GpuFailed, match=r"The GPU is not used: its memory is used up\."):
        ours.Plans(resources.cache, nvidia.driver(), ours.FULL).open(file)
