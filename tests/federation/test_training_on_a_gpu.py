"""Training on a GPU, as far as a machine without one can show it.

torch's `meta` device takes tensors, refuses those of another device beside them, and holds no numbers: what gets as far as
reading its result was on the device throughout.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from flwr.app import ConfigRecord, Message, RecordDict

from devices.compute import torch_device
from devices.compute.torch_device import Device, compute
from federation.app import server_app, task
from federation.app.client_app import app as client_app
from federation.app.datasets.examples import Examples
from federation.app.reports import Result, RoundReport
from federation.app.server import replies
from federation.app.threads import ThreadGrid
from federation.runs import flower_export
from federation.runs.spec import RunSpec

GPU, CPU = torch.device("meta"), torch.device("cpu")
USED_UP = "The GPU was not used: its memory is used up."


@pytest.fixture
def model() -> torch.nn.Module:
    return task.build("resnet-small", "cifar10")


@pytest.fixture
def photos() -> Examples:
    draw = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 255, (20, 3, 32, 32), dtype=torch.uint8, generator=draw)
    return Examples(pixels, torch.randint(0, 10, (20,), generator=draw))


def work(**more: Any) -> task.LocalTraining:
    return task.LocalTraining(epochs=1, batch_size=8, learning_rate=0.05, seed=3, **more)


def test_a_model_trains_on_its_device_alone_until_its_loss_is_read(model: torch.nn.Module, photos: Examples) -> None:
    arrays = task.arrays_of(model)
    there = task.copy_on(model, GPU)
    with pytest.raises(RuntimeError, match=r"item\(\) cannot be called on meta tensors"):
        task.train(there, photos, work(proximal_mu=0.1, correction=arrays, trainable=arrays))
    assert {value.device for value in there.parameters()} == {GPU}


def test_a_model_is_tested_on_its_device(model: torch.nn.Module, photos: Examples) -> None:
    with pytest.raises(RuntimeError, match=r"item\(\) cannot be called on meta tensors"):
        task.evaluate(task.copy_on(model, GPU), photos)


def test_the_model_itself_stays_on_the_processor(model: torch.nn.Module, photos: Examples) -> None:
    """So that the processor can start over."""
    before = task.arrays_of(model)
    compute(lambda device: task.train(task.copy_on(model, device), photos, work()), GPU)
    after = task.arrays_of(model)
    assert all(np.array_equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), USED_UP),
        (RuntimeError("NvMapMemAllocInternalTagged: 1075072515 error 12"), USED_UP),
        (RuntimeError("cuBLAS error: CUBLAS_STATUS_ALLOC_FAILED"), USED_UP),
        (
            RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with …"),
            "The GPU was not used: it failed (CUDA error: an illegal memory access was encountered).",
        ),
    ],
)
def test_a_gpu_that_fails_leaves_the_work_to_the_processor_and_says_why(error: RuntimeError, note: str) -> None:
    devices: list[str] = []

    def fails_there(device: torch.device) -> int:
        devices.append(device.type)
        if device.type != "cpu":
            raise error
        return 7

    assert compute(fails_there, GPU) == (7, note)
    assert devices == ["meta", "cpu"]


def test_what_is_wrong_on_the_processor_too_is_raised() -> None:
    def wrong(device: torch.device) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        compute(wrong, GPU)


@pytest.fixture
def full_gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Chosen, and without memory for any model."""
    real, devices = task.copy_on, list[str]()

    def copy_on(model: torch.nn.Module, device: torch.device) -> torch.nn.Module:
        devices.append(device.type)
        if device.type != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(model, device)

    monkeypatch.setattr(task, "copy_on", copy_on)
    monkeypatch.setattr(torch_device, "chosen", lambda: Device(GPU))
    return devices


def test_a_run_with_full_gpus_gives_the_same_model_and_says_so_of_each_client(
    monkeypatch: pytest.MonkeyPatch, full_gpu: list[str]
) -> None:
    spec = RunSpec(clients=2, rounds=1, batch_size=64, learning_rate=0.1, quorum=2, compression="none")

    def run() -> tuple[Result, list[RoundReport]]:
        reports: list[RoundReport] = []
        return server_app.start(ThreadGrid(client_app, spec.clients), spec.model_dump(), reports.append, None), reports

    fallen_back, reports = run()
    assert full_gpu == ["meta", "cpu"] * 3  # two clients train, the server tests
    assert [client.note for client in reports[0].clients] == [USED_UP] * 2
    monkeypatch.setattr(torch_device, "chosen", lambda: Device(CPU))
    plain, reports = run()
    assert [client.note for client in reports[0].clients] == [""] * 2
    assert all(np.array_equal(fallen_back.arrays[name].numpy(), plain.arrays[name].numpy()) for name in plain.arrays)


@pytest.mark.parametrize(("note", "shown"), [("x" * 900, "x" * 250), (7, "What it reports of its GPU cannot be read.")])
def test_what_a_client_says_of_its_gpu_is_bounded_and_checked(note: object, shown: str) -> None:
    content = RecordDict({"computing": ConfigRecord({"note": note})})  # type: ignore[dict-item]
    assert replies.computing(Message(content, dst_node_id=1, message_type="train")) == shown


def test_the_exported_app_brings_the_choice_of_a_device_along() -> None:
    modules = flower_export._reached(flower_export.ROOT)
    assert "devices/compute/torch_device.py" in modules
    assert '"devices"' in flower_export._project(RunSpec(), modules).split("packages = ")[1].splitlines()[0]
