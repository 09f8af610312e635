"""PyTorch on the processor, in float32, or on a CUDA device, in half precision where that is safe (autocast)."""

import torch

from devices.compute.torch_device import Device
from inference.engine import loading
from inference.engine.catalogue import Profile
from inference.engine.engines.engine import Description
from inference.engine.engines.parts_engine import PartsEngine

NO_ROOM = "The GPU is not used: it has too little free memory for these models."


class TorchEngine(PartsEngine):
    def __init__(self, profile: Profile, *, device: Device | None = None, threads: int | None = None) -> None:
        """Loads the models. Without a device, on the processor. Raises ModelsMissing."""
        if threads:
            torch.set_num_threads(threads)
        chosen = device or Device(torch.device("cpu"))
        try:
            networks = loading.load(profile, chosen.device)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            chosen = Device(torch.device("cpu"), NO_ROOM)
            networks = loading.load(profile, chosen.device)
        precision = "float16" if chosen.device.type == "cuda" else "float32"
        size = sum(loading.weights(networks).values())
        super().__init__(profile, networks, Description("torch", chosen.device.type, precision, size, chosen.note))
