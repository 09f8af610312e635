"""The part of NVIDIA's `tensorrt` that Isthmus calls, on the fake driver's memory; ONNX Runtime computes.

Names, arguments and what is returned where something fails are those of TensorRT 8.6 to 10.16. How NVIDIA's parser reads a
network, how long it builds, and what its numbers are, only a GPU can show. FAKE_TENSORRT_FAIL: `parse`, `build`, `crash` (the
process ends while it builds), `half` (half precision is far off), `memory` (of the GPU, when a plan is read).
"""

import ctypes
import enum
import json
import os

import numpy as np
import onnxruntime

__version__ = os.environ.get("FAKE_TENSORRT_VERSION", "10.3.0")
GPU = 1 << 52  # as in libcuda.c


def _fails(what: str) -> bool:
    return os.environ.get("FAKE_TENSORRT_FAIL") == what


class _Severity(enum.IntEnum):
    INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)


class ILogger:
    INTERNAL_ERROR, ERROR, WARNING = _Severity.INTERNAL_ERROR, _Severity.ERROR, _Severity.WARNING

    def log(self, severity: _Severity, msg: str) -> None:
        raise NotImplementedError


class NetworkDefinitionCreationFlag(enum.IntEnum):
    EXPLICIT_BATCH = 0


class BuilderFlag(enum.IntEnum):
    FP16, TF32 = 0, 7


class MemoryPoolType(enum.IntEnum):
    WORKSPACE = 0


class TensorIOMode(enum.IntEnum):
    NONE, INPUT, OUTPUT = range(3)


class _Tensor:
    def __init__(self, name: str, shape: list) -> None:
        self.name, self.shape = name, tuple(size if isinstance(size, int) else -1 for size in shape)


def _session(network: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])


class _Network:
    content = b""

    @property
    def _inputs(self) -> list:
        return _session(self.content).get_inputs()

    @property
    def num_inputs(self) -> int:
        return len(self._inputs)

    def get_input(self, index: int) -> _Tensor:
        return _Tensor(self._inputs[index].name, self._inputs[index].shape)


class _ParserError:
    def desc(self) -> str:
        return "No importer registered for op: Conv"


class OnnxParser:
    def __init__(self, network: _Network, logger: ILogger) -> None:
        self._network, self.num_errors = network, 0

    def parse(self, model: bytes) -> bool:
        self.num_errors = int(_fails("parse"))
        self._network.content = model
        return not self.num_errors

    def get_error(self, index: int) -> _ParserError:
        return _ParserError()


class _Profile:
    def __init__(self) -> None:
        self.shapes: dict = {}

    def set_shape(self, input: str, min: tuple, opt: tuple, max: tuple) -> None:
        self.shapes[input] = [min, opt, max]


class _Config:
    def __init__(self) -> None:
        self.flags, self.profiles, self.pools = {BuilderFlag.TF32}, [], {}

    def set_flag(self, flag: BuilderFlag) -> None:
        self.flags.add(flag)

    def clear_flag(self, flag: BuilderFlag) -> None:
        self.flags.discard(flag)

    def set_memory_pool_limit(self, pool: MemoryPoolType, pool_size: int) -> None:
        self.pools[pool] = pool_size

    def add_optimization_profile(self, profile: _Profile) -> int:
        self.profiles.append(profile)
        return len(self.profiles) - 1


class Builder:
    def __init__(self, logger: ILogger) -> None:
        self._logger = logger

    def create_network(self, flags: int) -> _Network:
        assert flags == 1, "TensorRT 8 reads ONNX with an explicit batch alone"
        return _Network()

    def create_builder_config(self) -> _Config:
        return _Config()

    def create_optimization_profile(self) -> _Profile:
        return _Profile()

    def build_serialized_network(self, network: _Network, config: _Config) -> "memoryview | None":
        if _fails("crash"):
            os.abort()
        dynamic = [tensor for tensor in map(network.get_input, range(network.num_inputs)) if -1 in tensor.shape]
        if _fails("build") or (dynamic and not config.profiles):
            self._logger.log(_Severity.ERROR, "Error Code 10: Could not find any implementation for node {ForeignNode}.\n…")
            return None
        header = {"version": __version__, "flags": sorted(config.flags), "shapes": config.profiles[0].shapes}
        return memoryview(json.dumps(header).encode() + b"\n" + network.content)


class Runtime:
    def __init__(self, logger: ILogger) -> None:
        self._logger = logger

    def deserialize_cuda_engine(self, serialized_engine: bytes) -> "_Engine | None":
        header, _, network = serialized_engine.partition(b"\n")
        try:
            values = json.loads(header)
        except ValueError:
            values = {}
        if _fails("memory"):
            self._logger.log(_Severity.ERROR, "Error Code 1: Cuda Runtime (out of memory)")
            return None
        if values.get("version") != __version__:
            self._logger.log(_Severity.ERROR, "Serialization assertion stdVersionRead == kSERIALIZATION_VERSION failed.")
            return None
        return _Engine(network, values)


class _Engine:
    def __init__(self, network: bytes, values: dict) -> None:
        self._session, self._values = _session(network), values
        self._names = [value.name for value in (*self._session.get_inputs(), *self._session.get_outputs())]
        self.num_io_tensors = len(self._names)

    def get_tensor_name(self, index: int) -> str:
        return self._names[index]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        is_input = name in [value.name for value in self._session.get_inputs()]
        return TensorIOMode.INPUT if is_input else TensorIOMode.OUTPUT

    def create_execution_context(self) -> "_Context":
        return _Context(self)


class _Context:
    def __init__(self, engine: _Engine) -> None:
        self._engine, self._shapes, self._addresses, self._known = engine, {}, {}, {}

    def set_input_shape(self, name: str, shape: tuple) -> bool:
        least, _, most = self._engine._values["shapes"][name]
        self._shapes[name] = tuple(shape)
        return all(low <= size <= high for low, size, high in zip(least, shape, most, strict=True))

    def get_tensor_shape(self, name: str) -> tuple:
        asked = (name, *self._shapes.values())
        if asked not in self._known:
            results = self._run({name: np.zeros(shape, np.float32) for name, shape in self._shapes.items()})
            self._known[asked] = {**self._shapes, **{name: result.shape for name, result in results.items()}}[name]
        return self._known[asked]

    def set_tensor_address(self, name: str, memory: int) -> bool:
        self._addresses[name] = memory
        return name in self._engine._names and isinstance(memory, int)

    def execute_async_v3(self, stream_handle: int) -> bool:
        values = {name: self._there(name, shape).copy() for name, shape in self._shapes.items()}
        for name, result in self._run(values).items():
            self._there(name, result.shape)[...] = result
        return isinstance(stream_handle, int) and stream_handle != 0

    def _there(self, name: str, shape: tuple) -> np.ndarray:
        numbers = ctypes.cast(self._addresses[name] - GPU, ctypes.POINTER(ctypes.c_float))
        return np.ctypeslib.as_array(numbers, shape)

    def _run(self, values: dict) -> dict:
        session = self._engine._session
        results = session.run(None, values)
        if BuilderFlag.FP16 in self._engine._values["flags"]:
            results = [result.astype(np.float16).astype(np.float32) * (1.2 if _fails("half") else 1) for result in results]
        return dict(zip([value.name for value in session.get_outputs()], results, strict=True))
