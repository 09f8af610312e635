"""What torch computes on: a GPU is used where it computes the same as the processor, and otherwise the reason is said."""

import pytest
import torch

from devices.compute import torch_device
from devices.compute.torch_device import Device, choose, obstacle
from inference.engine import catalogue, loading
from inference.engine.engines.torch_engine import TorchEngine

CPU = torch.device("cpu")


def test_the_processor_computes_what_it_computes() -> None:
    assert obstacle(CPU) == ""


def test_a_device_that_is_listed_and_has_no_kernels_is_an_obstacle() -> None:
    """torch's `meta` device takes tensors and computes nothing, as a build without kernels for a GPU does."""
    assert obstacle(torch.device("meta")).startswith("it does not compute (")


def test_a_device_that_computes_something_else_is_an_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    results = iter([torch.zeros(1, 8, 62, 62), torch.ones(1, 8, 62, 62)])
    monkeypatch.setattr(torch_device.F, "conv2d", lambda *_: next(results))
    assert obstacle(CPU) == "it computes something else than the processor."


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
@pytest.mark.parametrize(
    ("setting", "note"),
    [
        ("", ""),
        ("auto", ""),
        ("cpu", ""),
        ("cuda", "The GPU is not used: "),
        ("gpu", "ISTHMUS_DEVICE is 'gpu', not auto, cpu or cuda; the processor computes."),
    ],
)
def test_without_a_gpu_the_processor_computes(monkeypatch: pytest.MonkeyPatch, setting: str, note: str) -> None:
    monkeypatch.setenv("ISTHMUS_DEVICE", setting)
    monkeypatch.setattr(torch.version, "cuda", None)
    chosen = choose()
    assert chosen.device == CPU and chosen.note.startswith(note) and bool(chosen.note) == bool(note)


def test_a_build_for_gpus_that_finds_none_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose().note == "The GPU is not used: torch finds none."


def test_a_gpu_without_room_for_the_models_leaves_them_to_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    no_room = "The GPU was not used: its memory is used up."
    real, devices = loading.load, []

    def load(profile: catalogue.Profile, device: torch.device) -> object:
        devices.append(device.type)
        if device.type == "cuda":
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(profile, device)

    monkeypatch.setattr(loading, "load", load)
    engine = TorchEngine(catalogue.profile("compact"), device=Device(torch.device("cuda")), threads=1)
    assert devices == ["cuda", "cpu"]
    assert (engine.description.device, engine.description.precision, engine.description.note) == ("cpu", "float32", no_room)
