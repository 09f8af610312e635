"""The engines that can compute a profile: one file and one line in ENGINES for each. Nothing heavy is imported before
`load`.
"""

from pathlib import Path

from inference.engine.catalogue import Profile
from inference.engine.engines.engine import Engine, EngineType
from inference.engine.model_files import is_exported

# An NVIDIA GPU's driver makes one of these: a card's, a Jetson's.
GPU_DEVICES = (Path("/dev/nvidia0"), Path("/dev/nvhost-gpu"), Path("/dev/nvgpu"))


class NoEngine(Exception):
    """One sentence with the remedy."""


def _load_onnx(profile: Profile, threads: int | None) -> Engine:
    from inference.engine.engines.onnx_engine import OnnxEngine

    return OnnxEngine(profile, threads=threads)


def _load_torch(profile: Profile, threads: int | None) -> Engine:
    from devices.compute import torch_device
    from inference.engine.engines.torch_engine import TorchEngine

    return TorchEngine(profile, device=torch_device.choose(), threads=threads)


def _sees_gpu() -> bool:
    return any(device.exists() for device in GPU_DEVICES)


# In the order in which they are tried: on a CPU, ONNX Runtime is faster and takes less memory.
ENGINES: list[EngineType] = [
    EngineType("onnx", ("onnxruntime", "tokenizers", "safetensors"), True, _load_onnx),
    EngineType("torch", ("torch", "transformers", "tokenizers", "safetensors"), False, _load_torch, _sees_gpu),
]


def load(profile: Profile, threads: int | None = None) -> Engine:
    """The profile on the first engine that can read it. Raises NoEngine or ModelsMissing."""
    folders = [folder for folder in profile.folders.values() if folder is not None]
    exported = bool(folders) and all(map(is_exported, folders))
    suitable = [engine for engine in ENGINES if engine.reads_bundles == exported]
    for engine in suitable:
        if not engine.absence():
            return engine.load(profile, threads)
    names = ", ".join(engine.name for engine in suitable)
    raise NoEngine(f"None of the engines ({names}) can run on this machine; install the packages of one of them.")
