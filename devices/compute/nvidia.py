"""The GPU as NVIDIA's driver tells it, through its own library, which is wherever a GPU works. No torch.

The driver's interface is the one thing that every JetPack and every server with a GPU has in common: neither CUDA's packages
for Python nor its development files are needed.
"""

import ctypes
import os
from collections.abc import Sequence
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint, c_void_p
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

LIBRARY = "libcuda.so.1"
# The driver makes one of these: a card's, a Jetson's.
DEVICES = (Path("/dev/nvidia0"), Path("/dev/nvhost-gpu"), Path("/dev/nvgpu"))
PCI, BOARD = Path("/sys/bus/pci/devices"), Path("/proc/device-tree/compatible")
VENDOR, CLASSES = "0x10de", ("0x03", "0x12")  # NVIDIA's PCI devices: displays, accelerators
MAJOR, MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_…
OUT_OF_MEMORY, NO_DEVICE = 2, 100  # of CUresult
Pointer = int  # an address in the GPU's memory, or a handle of the driver


class DriverError(Exception):
    """One sentence: what the driver could not do."""


@dataclass(frozen=True)
class Gpu:
    name: str
    capability: tuple[int, int]  # 8.7 of an Orin

    def __str__(self) -> str:
        return f"{self.name} (compute capability {'.'.join(map(str, self.capability))})"


def setting() -> str:
    """What to compute on: `cpu`, `cuda`, or a GPU if it computes (`auto`)."""
    return os.environ.get("ISTHMUS_DEVICE") or "auto"


def is_there() -> bool:
    """Whether there may be a GPU that a program can use; cheap."""
    return any(device.exists() for device in DEVICES)


def obstacle() -> tuple[str, str]:
    """Why this process cannot compute on an NVIDIA GPU, and the remedy: one sentence each. No remedy where there is no GPU;
    both empty where the driver lets it."""
    device = next((device for device in DEVICES if device.exists()), None)
    if device is None and _is_jetson():
        return "This Jetson's GPU is not to be seen here.", "In a container, start it with `--runtime nvidia`."
    if device is None and _is_plugged_in():
        return "There is an NVIDIA GPU in this machine, and its driver is not loaded.", "Install NVIDIA's driver, or restart."
    if device is None:
        return "This machine has no NVIDIA GPU.", ""
    if device.is_char_device() and not os.access(device, os.R_OK | os.W_OK):
        group = _group(device)
        return f"This account may not use {device}.", f"Add it to the group {group}: usermod -aG {group} ACCOUNT."
    try:
        driver().gpu()
    except DriverError as error:
        return str(error), "Restart the machine; if that does not help, install NVIDIA's driver again."
    return "", ""


class Driver:
    """One GPU, the first. Every call makes its context the thread's own, so any thread may call. Each raises DriverError."""

    def __init__(self, library: str = "") -> None:
        try:
            self._library = ctypes.CDLL(library or LIBRARY)
            self._declare()
        except (OSError, AttributeError) as error:
            raise DriverError(f"The driver's library cannot be loaded ({error}).") from None
        self._call("cuInit", 0)
        device, context = c_int(), c_void_p()
        self._call("cuDeviceGet", byref(device), 0)
        self._device = device.value
        # The context that CUDA's libraries share within a process.
        self._call("cuDevicePrimaryCtxRetain", byref(context), self._device)
        self._context = context

    def gpu(self) -> Gpu:
        name = ctypes.create_string_buffer(256)
        self._call("cuDeviceGetName", name, len(name), self._device)
        return Gpu(name.value.decode(errors="replace"), (self._attribute(MAJOR), self._attribute(MINOR)))

    def allocate(self, size: int) -> Pointer:
        """Bytes of the GPU's memory."""
        address = c_void_p()
        self._enter()
        self._call("cuMemAlloc_v2", byref(address), size)
        return address.value or 0

    def free(self, address: Pointer) -> None:
        self._enter()
        self._call("cuMemFree_v2", address)

    def stream(self) -> Pointer:
        """Where work is queued, in order."""
        handle = c_void_p()
        self._enter()
        self._call("cuStreamCreate", byref(handle), 1)  # CU_STREAM_NON_BLOCKING
        return handle.value or 0

    def upload(self, address: Pointer, source: Pointer, size: int, stream: Pointer) -> None:
        """From this process's memory. Both ways the memory must stay until `wait` has returned."""
        self._enter()
        self._call("cuMemcpyHtoDAsync_v2", address, source, size, stream)

    def download(self, target: Pointer, address: Pointer, size: int, stream: Pointer) -> None:
        self._enter()
        self._call("cuMemcpyDtoHAsync_v2", target, address, size, stream)

    def wait(self, stream: Pointer) -> None:
        """Until all that was queued is done. Raises for whatever went wrong in it."""
        self._enter()
        self._call("cuStreamSynchronize", stream)

    def _enter(self) -> None:
        self._call("cuCtxSetCurrent", self._context)

    def _attribute(self, number: int) -> int:
        value = c_int()
        self._call("cuDeviceGetAttribute", byref(value), number, self._device)
        return value.value

    def _call(self, name: str, *arguments: object) -> None:
        if code := getattr(self._library, name)(*arguments):
            raise DriverError(self._sentence(name, code))

    def _sentence(self, name: str, code: int) -> str:
        if code == OUT_OF_MEMORY:
            return "The GPU's memory is used up."
        if code == NO_DEVICE:
            return "The driver finds no GPU."
        words = c_char_p()
        self._library.cuGetErrorString(code, byref(words))
        return f"The GPU's driver fails: {(words.value or b'unknown').decode(errors='replace')} ({name}, {code})."

    def _declare(self) -> None:
        """Without types ctypes passes addresses as 32 bits."""
        out = POINTER(c_void_p)
        types: dict[str, Sequence[type]] = {
            "cuInit": (c_uint,),
            "cuDeviceGet": (POINTER(c_int), c_int),
            "cuDeviceGetName": (c_char_p, c_int, c_int),
            "cuDeviceGetAttribute": (POINTER(c_int), c_int, c_int),
            "cuDevicePrimaryCtxRetain": (out, c_int),
            "cuCtxSetCurrent": (c_void_p,),
            "cuMemAlloc_v2": (out, c_size_t),
            "cuMemFree_v2": (c_void_p,),
            "cuMemcpyHtoDAsync_v2": (c_void_p, c_void_p, c_size_t, c_void_p),
            "cuMemcpyDtoHAsync_v2": (c_void_p, c_void_p, c_size_t, c_void_p),
            "cuStreamCreate": (out, c_uint),
            "cuStreamSynchronize": (c_void_p,),
            "cuGetErrorString": (c_int, POINTER(c_char_p)),
        }
        for name, arguments in types.items():
            function = getattr(self._library, name)
            function.argtypes, function.restype = arguments, c_int


@lru_cache(maxsize=1)
def driver() -> Driver:
    """Of this process. Raises DriverError."""
    return Driver()


def _is_jetson() -> bool:
    try:
        return b"nvidia,tegra" in BOARD.read_bytes()
    except OSError:
        return False


def _is_plugged_in() -> bool:
    devices = list(PCI.iterdir()) if PCI.is_dir() else []
    return any(_text(device / "vendor") == VENDOR and _text(device / "class").startswith(CLASSES) for device in devices)


def _text(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""


def _group(device: Path) -> str:
    try:
        return device.group()
    except (KeyError, OSError):  # a container without that group's name
        return "video"
