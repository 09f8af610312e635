"""PyTorch on the CPU or a CUDA device, in float32."""

import torch

from inference.engine import loading
from inference.engine.catalogue import Profile
from inference.engine.engines.engine import Description
from inference.engine.engines.parts_engine import PartsEngine


class TorchEngine(PartsEngine):
    def __init__(self, profile: Profile, *, device: str = "cpu", threads: int | None = None) -> None:
        """Loads the models. Raises ModelsMissing."""
        if threads:
            torch.set_num_threads(threads)
        self.device = torch.device(device)
        networks = loading.load(profile, self.device)
        size = sum(loading.weights(networks).values())
        super().__init__(profile, networks, Description("torch", self.device.type, "float32", size))
