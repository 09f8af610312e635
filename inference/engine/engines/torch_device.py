"""Which device torch computes on: a GPU that really computes, or else the processor, with the reason."""

import os
from dataclasses import dataclass

import torch
from torch.nn import functional as F

SIZE = 64


@dataclass(frozen=True)
class Device:
    device: torch.device
    note: str = ""  # one sentence, where a GPU is not used


def choose() -> Device:
    """As ISTHMUS_DEVICE says: `cpu`, `cuda`, or whichever computes (`auto`)."""
    setting = os.environ.get("ISTHMUS_DEVICE") or "auto"
    if setting not in ("auto", "cpu", "cuda"):
        return Device(torch.device("cpu"), f"ISTHMUS_DEVICE is {setting!r}, not auto, cpu or cuda; the processor computes.")
    if setting == "cpu":
        return Device(torch.device("cpu"))
    if why := obstacle(torch.device("cuda")):
        # Silence where nobody expects a GPU: a build for the processor alone says enough.
        return Device(torch.device("cpu"), f"The GPU is not used: {why}" if setting == "cuda" or torch.version.cuda else "")
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
        return f"it does not compute ({str(error).splitlines()[0][:160]})."
    expected = [matrix @ matrix, F.conv2d(image, kernels)]
    if not all(torch.allclose(here, there, rtol=1e-2) for here, there in zip(results, expected, strict=True)):
        return "it computes something else than the processor."
    return ""
