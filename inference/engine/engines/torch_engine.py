"""PyTorch on the processor, in float32, or on a CUDA device, in half precision where that is safe (autocast)."""

import torch

from devices.compute import torch_device
from devices.compute.torch_device import CPU, Device
from inference.engine import loading
from inference.engine.catalogue import Profile
from inference.engine.engines.engine import Description
from inference.engine.engines.parts_engine import PartsEngine


class TorchEngine(PartsEngine):
    def __init__(self, profile: Profile, *, device: Device | None = None, threads: int | None = None) -> None:
        """Loads the models. Without a device, on the processor. Raises ModelsMissing."""
        if threads:
            torch.set_num_threads(threads)
        chosen = device or Device(CPU)
        networks, why = torch_device.compute(lambda place: loading.load(profile, place), chosen.device)
        if why:
            chosen = Device(CPU, why)
        precision = "float16" if chosen.device.type == "cuda" else "float32"
        size = sum(loading.weights(networks).values())
        super().__init__(profile, networks, Description("torch", chosen.device.type, precision, size, chosen.note))
