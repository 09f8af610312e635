"""One network on a GPU, from a plan that TensorRT made. No torch."""

from typing import Any

import numpy as np
import tensorrt
from numpy.typing import NDArray

from devices.compute.nvidia import Driver, DriverError, Pointer
from inference.engine.engines.engine import GpuFailed
from inference.engine.engines.networks import Array

MOST = 8  # photos in one call, for which plans are made; more go in several


class TensorrtNetwork:
    """float32 [M, …] -> float32 [M, …]. Not thread-safe, as Engine."""

    def __init__(self, engine: Any, driver: Driver) -> None:
        """`engine`: as TensorRT reads it from a plan. Raises DriverError, and GpuFailed where the GPU has no room for it."""
        self._engine, self._driver, self._context = engine, driver, engine.create_execution_context()
        if self._context is None:
            raise GpuFailed("The GPU is not used: TensorRT finds no room in its memory.")
        names = [engine.get_tensor_name(number) for number in range(engine.num_io_tensors)]
        modes = {engine.get_tensor_mode(name): name for name in names}
        self._input, self._output = modes[tensorrt.TensorIOMode.INPUT], modes[tensorrt.TensorIOMode.OUTPUT]
        self._stream = driver.stream()
        self._memory = {name: _Memory(driver) for name in names}

    def __call__(self, *values: NDArray[Any]) -> list[Array]:
        """Raises GpuFailed."""
        [photos] = values
        try:
            parts = [self._run(photos[start : start + MOST]) for start in range(0, len(photos), MOST)]
        except DriverError as error:
            raise GpuFailed(f"The GPU is not used: {error}") from None
        return [parts[0] if len(parts) == 1 else np.concatenate(parts)]

    def _run(self, photos: NDArray[Any]) -> Array:
        source = np.ascontiguousarray(photos, np.float32)
        _expect(self._context.set_input_shape(self._input, source.shape))
        result: Array = np.empty(tuple(self._context.get_tensor_shape(self._output)), np.float32)
        addresses = {self._input: source, self._output: result}
        for name, array in addresses.items():
            _expect(self._context.set_tensor_address(name, self._memory[name].of(array.nbytes)))
        self._driver.upload(self._memory[self._input].address, source.ctypes.data, source.nbytes, self._stream)
        _expect(self._context.execute_async_v3(self._stream))
        self._driver.download(result.ctypes.data, self._memory[self._output].address, result.nbytes, self._stream)
        self._driver.wait(self._stream)
        return result


class _Memory:
    """Some of the GPU's memory, which grows where more is needed."""

    def __init__(self, driver: Driver) -> None:
        self._driver, self._size, self.address = driver, 0, 0

    def of(self, size: int) -> Pointer:
        if size > self._size:
            self._free()
            self.address, self._size = self._driver.allocate(size), size
        return self.address

    def _free(self) -> None:
        if self._size:
            self._size = 0
            self._driver.free(self.address)

    def __del__(self) -> None:
        self._free()


def _expect(done: bool) -> None:
    """TensorRT says in its log why it refuses something."""
    if not done:
        raise GpuFailed("The GPU is not used: TensorRT failed; the log says why.")
