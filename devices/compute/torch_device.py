"""Which device torch computes on: a GPU that really computes, or else the processor, with the reason."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import torch
from torch.nn import functional as F

SIZE = 64
CPU = torch.device("cpu")
# Beside torch's own class: libraries below it run out of memory with errors of their own, which torch passes on.
OUT_OF_MEMORY = ("out of memory", "ALLOC_FAILED", "NvMapMemAlloc")
Result = TypeVar("Result")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Device:
    device: torch.device
    note: str = ""  # one sentence, where a GPU is not used


def choose(setting: str = "") -> Device:
    """As the setting says, or without one ISTHMUS_DEVICE: `cpu`, `cuda`, or whichever computes (`auto`)."""
    setting = setting or os.environ.get("ISTHMUS_DEVICE") or "auto"
    if setting not in ("auto", "cpu", "cuda"):
        return Device(CPU, f"ISTHMUS_DEVICE is {setting!r}, not auto, cpu or cuda; the processor computes.")
    if setting == "cpu":
        return Device(CPU)
    if why := obstacle(torch.device("cuda")):
        # Silence where nobody expects a GPU: a build for the processor alone says enough.
        return Device(CPU, f"The GPU is not used: {why}" if setting == "cuda" or torch.version.cuda else "")
    return Device(torch.device("cuda"))


def obstacle(device: torch.device) -> str:
    """One sentence where a product of matrices or a convolution there fails, or gives something else than on the processor: a
    build without kernels for this GPU lists it all the same. Empty where both work."""
    if device.type == "cuda" and not torch.cuda.is_available():
        return "torch finds none." if torch.version.cuda else "this torch was built for processors alone."
    generator = torch.Generator().manual_seed(0)
    matrix, image = (torch.rand(*shape, generator=generator) for shape in ((SIZE, SIZE), (1, 3, SIZE, SIZE)))
    kernels = torch.rand(8, 3, 3, 3, generator=generator)
    try:
        product, maps = matrix.to(device) @ matrix.to(device), F.conv2d(image.to(device), kernels.to(device))
        results = [product.cpu(), maps.cpu()]
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch without CUDA
        return f"it does not compute ({_first_line(error)})."
    expected = [matrix @ matrix, F.conv2d(image, kernels)]
    if not all(torch.allclose(here, there, rtol=1e-2) for here, there in zip(results, expected, strict=True)):
        return "it computes something else than the processor."
    return ""


@lru_cache(maxsize=1)
def chosen() -> Device:
    """`choose` once for this process, into its log."""
    device = choose()
    log.info("torch computes on %s. %s", device.device.type, device.note)
    return device


def compute(work: Callable[[torch.device], Result], device: torch.device | None = None) -> tuple[Result, str]:
    """What `work` returns on a device, and where a GPU fails, on the processor from the start, with a sentence why. Without a
    device, on the one that this process has chosen.

    `work` leaves what it is given as it was; a model is copied to the device."""
    device = device or chosen().device
    if device.type == "cpu":
        return work(device), ""
    why = ""
    try:
        result = work(device)
    except RuntimeError as error:
        why = f"The GPU was not used: {failure(error)}."
    # After the handler: the error holds the frames, and they hold what is on the GPU. On a board its memory is the machine's.
    torch.cuda.empty_cache()
    if not why:
        return result, ""
    log.warning("%s The processor computes.", why)
    return work(CPU), why


def failure(error: RuntimeError) -> str:
    """Why a GPU could not compute, without a full stop."""
    if isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in OUT_OF_MEMORY):
        return "its memory is used up"
    return f"it failed ({_first_line(error)})"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
