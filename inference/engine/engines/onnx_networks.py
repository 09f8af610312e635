"""Networks of arrays on ONNX Runtime sessions, from the files that bundles/export.py writes."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from inference.engine.bundles.layout import ADAPT, ENCODE, MEMORY, PIXELS, STEP, piece
from inference.engine.engines.engine import GpuFailed
from inference.engine.engines.networks import Array, Ids

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


class Network(Protocol):
    def __call__(self, *values: NDArray[Any]) -> list[Array]:
        """Its inputs, in order -> its outputs. Raises GpuFailed."""


class Opener(Protocol):
    def open(self, file: Path) -> Network:
        """What computes an exported network."""


class Sessions:
    """Opens files with one set of options. `providers`: what computes, in the order of preference."""

    def __init__(self, threads: int | None = None, providers: Sequence[str] = (CPU,)) -> None:
        self.providers, self.options = list(providers), onnxruntime.SessionOptions()
        if threads:
            self.options.intra_op_num_threads = threads
        # A board has better uses for a core than to wait busily for the next question, and for memory than an arena's reserve.
        self.options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.options.enable_cpu_mem_arena = False
        self.options.log_severity_level = 3  # errors

    def open(self, file: Path) -> "Function":
        return Function(onnxruntime.InferenceSession(file, self.options, providers=self.providers))


class Function:
    """One network."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self._names = [value.name for value in session.get_inputs()]
        self.inputs = {value.name: tuple(value.shape) for value in session.get_inputs()}

    @property
    def provider(self) -> str:
        """What computes it, or most of it."""
        return str(self.session.get_providers()[0])

    def __call__(self, *values: NDArray[Any]) -> list[Array]:
        try:
            arrays: list[Array] = self.session.run(None, dict(zip(self._names, values, strict=True)))
        except Exception as error:  # ONNX Runtime's errors have no common class
            if self.provider == CPU:
                raise
            raise GpuFailed(f"The GPU is not used: it failed ({str(error).splitlines()[0][:160]}).") from None
        return arrays


class OnnxVision:
    """A tower, cut into pieces."""

    def __init__(self, opener: Opener, folder: Path, cuts: Sequence[int]) -> None:
        """`cuts`: as in layout.Description, the last one the depth."""
        self.cuts = tuple(cuts)
        self.pieces = {first: opener.open(folder / piece(first, last)) for first, last in pairwise(cuts)}

    @property
    def provider(self) -> str:
        """What ONNX Runtime computes it with."""
        first = next(iter(self.pieces.values()))
        return first.provider if isinstance(first, Function) else ""

    def head(self, pixels: Array, k: int) -> Array:
        return self._run(pixels, PIXELS, k)

    def tail(self, features: Array, k: int) -> Array:
        return self._run(features, k, self.cuts[-1])

    def whole(self, pixels: Array) -> Array:
        return self._run(pixels, PIXELS, self.cuts[-1])

    def _run(self, values: Array, first: int, last: int) -> Array:
        for k in (first, last):
            if k not in self.cuts:
                raise ValueError(f"This tower is cut after {', '.join(map(str, self.cuts[1:]))} blocks, not after {k}.")
        pieces = [self.pieces[start] for start in self.cuts[self.cuts.index(first) : self.cuts.index(last)]]
        if self.provider != CPU:
            return _chain(pieces, values)
        # A processor gains nothing from several photos at once, and their maps would not stay in its caches.
        return np.concatenate([_chain(pieces, values[m : m + 1]) for m in range(len(values))])


def _chain(networks: Sequence[Network], values: Array) -> Array:
    for network in networks:
        [values] = network(np.ascontiguousarray(values))
    return values


class OnnxText:
    def __init__(self, sessions: Sessions, folder: Path) -> None:
        self._adapt, self._encode = (
            sessions.open(folder / name) if (folder / name).exists() else None for name in (ADAPT, ENCODE)
        )
        self._memory, self._step = sessions.open(folder / MEMORY), sessions.open(folder / STEP)
        layers, both, _, _, heads, _, width = self._step.inputs["past"]
        self._nothing = (layers, both, heads, width)

    def adapt(self, tokens: Array) -> Array:
        return tokens if self._adapt is None else self._adapt(tokens)[0]

    def encode(self, ids: Ids, mask: Ids, context: Array) -> Array:
        assert self._encode is not None, "a model of questions has an encoder"
        return self._encode(ids, mask, context)[0]

    def prepare(self, context: Array) -> Array:
        return self._memory(context)[0]

    def step(self, ids: Ids, memory: Array, mask: Ids, past: Array | None) -> tuple[Array, Array]:
        if past is None:
            layers, both, heads, width = self._nothing
            past = np.zeros((layers, both, *ids.shape[:2], heads, 0, width), np.float32)
        logits, present = self._step(ids, past, memory, mask)
        return logits, present

    def select(self, past: Array, photos: Sequence[int], rows: Ids) -> Array:
        return np.ascontiguousarray(past[:, :, np.array(photos)[:, None], rows])

    def of_photos(self, memory: Array, photos: Sequence[int]) -> Array:
        return np.ascontiguousarray(memory[:, :, list(photos)])
