"""Networks compiled by TensorRT for the GPU of this machine, each in a file, its plan, which a board takes minutes to make. No
torch.

A plan's name says what it was made of and for: the network's SHA-256, TensorRT's version, the GPU, the precision. It is of no
use anywhere else; where one of them changes, another is made.
"""

import hashlib
import logging
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime
import tensorrt

from devices.compute.nvidia import Driver, DriverError
from inference.engine.digests import sha256
from inference.engine.engines.engine import GpuFailed
from inference.engine.engines.onnx_networks import CPU
from inference.engine.engines.tensorrt_network import MOST, TensorrtNetwork

HALF, FULL = "float16", "float32"
WORKSPACE = 1 << 30  # bytes of the GPU's memory that one step of a network may take beside its own
CHECK = hashlib.sha256().digest_size  # bytes before each plan
log = logging.getLogger(__name__)


class PlanMissing(Exception):
    """There is no file with this plan, or it is damaged."""


class _Log(tensorrt.ILogger):  # type: ignore[misc]
    """TensorRT's messages, in ours. The last error is kept: TensorRT itself returns nothing but None."""

    def __init__(self) -> None:
        tensorrt.ILogger.__init__(self)
        self.error = ""

    def log(self, severity: Any, msg: str) -> None:
        if severity in (tensorrt.ILogger.ERROR, tensorrt.ILogger.INTERNAL_ERROR):
            self.error = msg
            log.error("%s", msg)
        else:
            log.debug("%s", msg)

    @property
    def memory_is_used_up(self) -> bool:
        return "out of memory" in self.error.lower() or "OutOfMemory" in self.error

    def failure(self, what: str, why: str = "") -> GpuFailed:
        """`why`: where TensorRT says so elsewhere than in its messages."""
        if self.memory_is_used_up:
            return GpuFailed("The GPU is not used: its memory is used up.")
        first = (why or self.error or "it does not say why").splitlines()[0]
        return GpuFailed(f"The GPU is not used: TensorRT {what} ({first[:160]}).")


LOGGER = _Log()  # one for the process: TensorRT holds on to the first that it is given


def machine(driver: Driver) -> str:
    """What a plan is made for, as part of a file's name. Raises DriverError."""
    gpu = driver.gpu()
    name = re.sub(r"[^a-z0-9]+", "-", gpu.name.lower()).strip("-")
    return f"{tensorrt.__version__}-{name}-sm{gpu.capability[0]}{gpu.capability[1]}"


@dataclass(frozen=True)
class Plans:
    """Of one precision. `open` is that of onnx_networks.Opener."""

    folder: Path
    driver: Driver
    precision: str  # FULL, or HALF: wherever TensorRT finds that faster
    makes: bool = False  # whether to make a plan that is missing

    def open(self, file: Path) -> TensorrtNetwork:
        """Raises GpuFailed, and PlanMissing where it does not make plans."""
        try:
            place = self.folder / f"{sha256(file)[:16]}-{machine(self.driver)}-{self.precision}.plan"
            try:
                return self._network(_read(place))
            except PlanMissing:
                if not self.makes:
                    raise
            _write(place, self._make(file))
            return self._network(_read(place))
        except DriverError as error:
            raise GpuFailed(f"The GPU is not used: {error}") from None

    def _network(self, plan: bytes) -> TensorrtNetwork:
        LOGGER.error = ""
        engine = tensorrt.Runtime(LOGGER).deserialize_cuda_engine(plan)
        if engine is not None:
            return TensorrtNetwork(engine, self.driver)
        failure = LOGGER.failure("cannot read its plan")
        raise failure if LOGGER.memory_is_used_up else PlanMissing(str(failure))

    def _make(self, file: Path) -> bytes:
        name, started = f"{file.parent.name}/{file.name}", time.monotonic()
        log.info("making a plan of %s in %s for this GPU, which takes minutes", name, self.precision)
        plan = compiled(folded(file), self.precision)
        log.info("the plan of %s took %.0f s", name, time.monotonic() - started)
        return plan


def folded(file: Path) -> bytes:
    """An exported network whose constants are computed. TensorRT wants to know kernels, biases and axes when it reads it; in
    the file some of them are half-precision weights behind a cast, and others are computed from shapes."""
    with tempfile.TemporaryDirectory() as folder:
        options, place = onnxruntime.SessionOptions(), Path(folder) / file.name
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC  # standard operators alone
        options.optimized_model_filepath = str(place)
        options.log_severity_level = 3  # errors
        onnxruntime.InferenceSession(file, options, providers=[CPU])
        return place.read_bytes()


def compiled(network: bytes, precision: str) -> bytes:
    """ONNX -> a plan for 1 to MOST photos. Raises GpuFailed."""
    LOGGER.error, builder = "", tensorrt.Builder(LOGGER)
    # Needed before TensorRT 10, where it is the default.
    definition = builder.create_network(1 << int(tensorrt.NetworkDefinitionCreationFlag.EXPLICIT_BATCH))
    parser = tensorrt.OnnxParser(definition, LOGGER)  # the weights are its own: it lives until the plan is made
    if not parser.parse(network):
        raise LOGGER.failure("cannot read the network", parser.get_error(0).desc() if parser.num_errors else "")
    settings, profile = builder.create_builder_config(), builder.create_optimization_profile()
    settings.set_memory_pool_limit(tensorrt.MemoryPoolType.WORKSPACE, WORKSPACE)
    settings.clear_flag(tensorrt.BuilderFlag.TF32)  # it has half precision's fraction, and float32 is to be float32
    if precision == HALF:
        settings.set_flag(tensorrt.BuilderFlag.FP16)
    for number in range(definition.num_inputs):
        tensor = definition.get_input(number)
        rest = tuple(tensor.shape)[1:]
        profile.set_shape(tensor.name, (1, *rest), (1, *rest), (MOST, *rest))  # least, fastest, most
    settings.add_optimization_profile(profile)
    plan = builder.build_serialized_network(definition, settings)
    if plan is None:
        raise LOGGER.failure("cannot make a plan")
    return bytes(plan)


def _write(place: Path, plan: bytes) -> None:
    """In one step: whoever reads it sees all of it or nothing."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = place.with_suffix(".part")
    try:
        part.write_bytes(hashlib.sha256(plan).digest() + plan)
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def _read(place: Path) -> bytes:
    """Raises PlanMissing."""
    try:
        content = place.read_bytes()
    except OSError as error:
        raise PlanMissing(f"{place} cannot be read ({error.strerror}).") from None
    check, plan = content[:CHECK], content[CHECK:]
    if hashlib.sha256(plan).digest() != check:
        log.warning("%s is damaged; it is made again", place)
        raise PlanMissing(f"{place} is damaged.")
    return plan
