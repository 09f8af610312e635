"""The engines that can compute a profile: one file and one line in ENGINES for each. Nothing heavy is imported before
`load`.
"""

from devices.compute import nvidia
from inference.engine.catalogue import Profile
from inference.engine.engines.engine import Engine, EngineType, Resources
from inference.engine.model_files import is_exported


class NoEngine(Exception):
    """One sentence with the remedy."""


def _load_onnx(profile: Profile, resources: Resources) -> Engine:
    from inference.engine.engines.onnx_engine import OnnxEngine

    return OnnxEngine(profile, resources)


def _load_tensorrt(profile: Profile, resources: Resources) -> Engine:
    from inference.engine.engines import tensorrt_engine

    return tensorrt_engine.load(profile, resources)


def _load_torch(profile: Profile, resources: Resources) -> Engine:
    from devices.compute import torch_device
    from inference.engine.engines.torch_engine import TorchEngine

    return TorchEngine(profile, device=torch_device.choose(resources.device), threads=resources.threads)


ONNX = ("onnxruntime", "tokenizers", "safetensors")
# In the order in which they are tried: on a CPU, ONNX Runtime is faster and takes less memory. What makes plans for TensorRT
# takes gigabytes for a while, so torch is loaded after it.
ENGINES: list[EngineType] = [
    EngineType("onnx", ONNX, True, _load_onnx),
    EngineType("tensorrt", ("tensorrt", *ONNX), True, _load_tensorrt, nvidia.is_there, needs_gpu=True),
    EngineType("torch", ("torch", "transformers", "tokenizers", "safetensors"), False, _load_torch, nvidia.is_there),
]


def load(profile: Profile, threads: int | None = None) -> Engine:
    """The profile on the first engine that can read it. Raises NoEngine or ModelsMissing."""
    folders = [folder for folder in profile.folders.values() if folder is not None]
    exported = bool(folders) and all(map(is_exported, folders))
    suitable = [engine for engine in ENGINES if engine.reads_bundles == exported]
    for engine in suitable:
        if not engine.absence():
            return engine.load(profile, Resources(threads))
    names = ", ".join(engine.name for engine in suitable)
    raise NoEngine(f"None of the engines ({names}) can run on this machine; install the packages of one of them.")
