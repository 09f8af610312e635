"""The reader's network: one message at a time, on one core. inference/lab/reader trains it, and exports it.

An encoder of BERT's kind reads the pieces of a message; the states of words are those of their first pieces. A decoder writes
one token at a time, from a vocabulary or copied from the words (See, Liu and Manning 2017).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

Array = NDArray[np.float32]
ENCODER, STEP, TABLES = "encoder.onnx", "step.onnx", "tables.safetensors"
MOST_PIECES, MOST_TOKENS = 192, 96


@dataclass
class Words:
    """What the encoder makes of a message with W words."""

    states: Array  # [W, D]
    read: Array  # [2, layers, heads, W, d] keys and values
    copy_keys: Array  # [W, D']


@dataclass
class Writing:
    """A plan being written. `position`: tokens so far."""

    words: Words
    past: Array  # [2, layers, heads, position, d]
    written: Array = field(init=False)  # [W] 1 for words that are in it
    position: int = 0

    def __post_init__(self) -> None:
        self.written = np.zeros(len(self.words.states), np.float32)


def check(folder: Path) -> None:
    """Raises OSError for a file that is missing."""
    for name in (ENCODER, STEP, TABLES):
        (folder / name).stat()


class Network:
    def __init__(self, folder: Path) -> None:
        """Raises OSError for files that are missing, ValueError for damaged ones."""
        check(folder)
        try:
            tables = safe_open(folder / TABLES, framework="numpy")
        except SafetensorError as error:
            raise ValueError(f"{folder / TABLES} is damaged: {error}") from None
        self._pieces = tables.get_slice("pieces")  # on disk: a message needs a few rows of tens of thousands
        self._scale, self._marks = tables.get_tensor("scale"), tables.get_tensor("marks").astype(np.float32)
        self._encoder, self._step = (_session(folder / name) for name in (ENCODER, STEP))

    def embedding(self, pieces: Sequence[int]) -> Array:
        """[n, D] of pieces."""
        quantised = np.concatenate([self._pieces[piece : piece + 1] for piece in pieces])
        rows: Array = quantised.astype(np.float32) * self._scale[list(pieces), None]
        return rows

    def mark(self, number: int) -> Array:
        """The embedding [D] of the n-th mark, from 0."""
        row: Array = self._marks[number]
        return row

    def encode(self, pieces: Sequence[int], is_message: Sequence[int], first: Sequence[int]) -> Words:
        """Of the words whose first pieces are at `first`. At most MOST_PIECES pieces."""
        inputs = {"embedded": self.embedding(pieces), "is_message": np.array(is_message), "first": np.array(first)}
        return Words(*self._encoder.run(None, inputs))

    def begin(self, words: Words) -> Writing:
        return Writing(words, np.zeros_like(words.read[:, :, :, :0]))

    def step(self, writing: Writing, token: Array, places: Sequence[int]) -> tuple[Array, Array]:
        """Read the embedding [D] of the last token and the places among the words where it stands; the probabilities of the
        next: of the vocabulary [V], and of copying each word [W]. Together they are 1."""
        last = np.zeros_like(writing.written)
        last[list(places)] = 1 / max(1, len(places))
        writing.written[list(places)] = 1
        words = writing.words
        inputs = {
            "token": token, "position": np.array([writing.position]), "last": last, "written": writing.written,
            "words": words.states, "read": words.read, "copy_keys": words.copy_keys, "past": writing.past,
        }  # fmt: skip
        written, copied, writing.past = self._step.run(None, inputs)
        writing.position += 1
        return written, copied


def _session(file: Path) -> Any:
    import onnxruntime  # where messages are read: not in the web app
    from onnxruntime.capi import onnxruntime_pybind11_state as onnx

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # as many messages are read at once as there are threads of the worker
    options.log_severity_level = 3  # errors
    options.enable_cpu_mem_arena = False  # it holds what the longest message needed for good, and saves no time here
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except (onnx.InvalidProtobuf, onnx.InvalidArgument) as error:
        raise ValueError(f"{file} is damaged: {error}") from None
