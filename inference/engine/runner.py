"""One profile, loaded: whole models, heads and tails, from photo or packet to answer."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from devices.contract import wire
from devices.contract.wire import WireError
from inference.engine import loading, split
from inference.engine.answer import Answer
from inference.engine.catalogue import Profile
from inference.engine.codecs import feature_code, photo_codec
from inference.engine.loading import ModelsMissing, Part

__all__ = ["Answer", "ModelsMissing", "Vision"]
QUESTION = "what is in the photo?"  # when a question was needed and none came
SLOW_S = 1.0  # measured once, not `repeats` times


@dataclass(frozen=True)
class Received:
    """What a packet, or several that follow each other, told of a photo: a level's payload from its first bit on."""

    split_at: int
    level: int
    payload: bytes


class Vision:
    """Not for two threads at once: the caller holds its own lock around compute, which it needs for timing anyway."""

    def __init__(self, profile: Profile, *, device: str = "cpu", threads: int | None = None) -> None:
        self.profile, self.device, self.threads = profile, torch.device(device), threads
        self.parts: dict[str, Part] = {}

    def load(self) -> None:
        """Raises ModelsMissing, a sentence with the remedy. Loading twice is free."""
        if self.parts:
            return
        if self.threads:
            torch.set_num_threads(self.threads)
        self.parts = loading.load(self.profile, self.device)

    @property
    def digest(self) -> str:
        """Names weights and codes: nodes with the same digest understand each other's packets."""
        told = hashlib.sha256()
        for task, part in sorted(self._loaded().items()):
            told.update(task.encode() + part.digest + part.texts)
            for k, code in sorted(part.codes.items()):
                told.update(bytes([k]) + code.digest)
        return told.hexdigest()

    def run_whole(self, task: str, image: Image.Image, question: str | None) -> Answer:
        part = self._loaded()[task]
        with torch.inference_mode():
            tokens = split.whole(part.tower, self._pixels(part, image))
        return part.answer(tokens, question or QUESTION)

    def head(self, task: str, image: Image.Image, split_at: int) -> NDArray[np.float32]:
        """Features [T, D]. Raises WireError for a split point that the catalogue does not offer."""
        part = self._loaded()[task]
        _code(part, split_at)
        with torch.inference_mode():
            features: Tensor = split.head(part.tower, self._pixels(part, image), split_at)[0]
        return features.float().cpu().numpy()

    def pack(self, task: str, features: NDArray[np.float32], split_at: int, level: int, after: int = 0) -> bytes:
        """The packet to send of a head's features: the bits of `level` that come after those of level `after`."""
        part = self._loaded()[task]
        code = _code(part, split_at, level, after)
        payload = feature_code.rest(code.encode(features, level), code.sizes, after)
        return wire.pack(wire.Packet(split_at, level, part.digest[: wire.DIGEST], code.digest, payload, after))

    def run_head(self, task: str, image: Image.Image, split_at: int, level: int, after: int = 0) -> bytes:
        """The packet to send. Raises WireError for a split point or level that the catalogue does not offer."""
        _code(self._loaded()[task], split_at, level, after)
        return self.pack(task, self.head(task, image, split_at), split_at, level, after)

    def run_tail(self, task: str, packet: bytes, question: str | None, base: bytes = b"") -> Answer:
        """`base` is the payload of the level that the packet comes after. Raises WireError as `receive` does."""
        return self.answer(task, self.receive(task, packet, base), question)

    def receive(self, task: str, packet: bytes, base: bytes = b"") -> Received:
        """Raises WireError for a packet of other models or another code, or one that does not follow `base`."""
        part, told = self._loaded()[task], wire.unpack(packet)
        if told.tower != part.digest[: wire.DIGEST]:
            raise WireError("wire_model", "The features come from other weights; give both nodes the same profile.")
        code = _code(part, told.split_at, told.level, told.after)
        if told.code != code.digest:
            raise WireError("wire_code", "The features were packed with another code; give both nodes the same version.")
        with _refused():
            payload = feature_code.joined(base, told.payload, code.sizes, told.after)
        return Received(told.split_at, told.level, payload)

    def decode(self, task: str, received: Received) -> NDArray[np.float32]:
        """Features [T, D] as near to the head's as the level tells. Raises WireError."""
        with _refused():
            return _code(self._loaded()[task], received.split_at, received.level).decode(received.payload, received.level)

    def answer(self, task: str, received: Received, question: str | None) -> Answer:
        part, features = self._loaded()[task], torch.from_numpy(self.decode(task, received))
        with torch.inference_mode():
            tokens = split.tail(part.tower, features[None].to(self.device), received.split_at)
        return part.answer(tokens, question or QUESTION)

    def tower(self, task: str) -> bytes:
        """Names what the task looks through: tasks of the same tower can use each other's features."""
        return self._loaded()[task].digest

    def measure(self, slowdown: float = 1.0, repeats: int = 3) -> dict[str, Any]:
        """Milliseconds per task: the whole model; head, encoding alone and tail at each split point; photo encodings.

        `slowdown`: so many times as long, as a simulated node takes.
        """
        return {"tasks": {task: _slowed(self._measure(task, repeats), slowdown) for task in self._loaded()}}

    def _measure(self, task: str, repeats: int) -> dict[str, Any]:
        # Blobs, not grey: a decoder that stops after one word would make the tail look cheaper than it is.
        blobs = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8))
        image = blobs.resize((640, 480), Image.Resampling.BICUBIC)
        photo = photo_codec.encode(image, "jpeg", 90, 640)  # every way begins with a file
        head_ms, encode_ms, tail_ms = {}, {}, {}
        for k in self.profile.split_points(task):
            level = self.profile.code_levels(task, k)[-1].level
            features, packet = self.head(task, image, k), self.run_head(task, image, k, level)
            encode_ms[str(k)] = _time(partial(self.pack, task, features, k, level), repeats)
            head_ms[str(k)] = _time(lambda: self.run_head(task, photo_codec.decode(photo), k, level), repeats)  # noqa: B023
            tail_ms[str(k)] = _time(partial(self.run_tail, task, packet, QUESTION), repeats)
        whole_ms = _time(lambda: self.run_whole(task, photo_codec.decode(photo), QUESTION), repeats)
        size, levels = self.profile.image_size(task), self.profile.photo_levels(task)
        middling = {one.codec: one.quality for one in levels}  # what an encoder takes hardly depends on the quality
        send_ms = {name: _time(partial(photo_codec.again, photo, name, q, size), repeats) for name, q in middling.items()}
        return {"whole_ms": whole_ms, "head_ms": head_ms, "encode_ms": encode_ms, "tail_ms": tail_ms, "send_ms": send_ms}

    def _pixels(self, part: Part, image: Image.Image) -> Tensor:
        return torch.from_numpy(part.pixels(image)).to(self.device)

    def _loaded(self) -> dict[str, Part]:
        if not self.parts:
            raise RuntimeError("Vision.load() comes first.")
        return self.parts


def _code(part: Part, k: int, level: int = 1, after: int = 0) -> feature_code.Code:
    code = part.codes.get(k)
    if code is None:
        raise WireError("wire_split", f"There is no code for a split after block {k}; choose a split point of the catalogue.")
    if not 1 <= level <= len(code.sizes):
        raise WireError("wire_level", f"The code has levels 1 to {len(code.sizes)}, not {level}; choose one of them.")
    if not 0 <= after < level:
        raise WireError("wire_after", f"Level {level} does not refine level {after}; name a lower one.")
    return code


@contextmanager
def _refused() -> Iterator[None]:
    """A payload the code cannot read is a packet that is refused."""
    try:
        yield
    except feature_code.CodecError as error:
        raise WireError("wire_payload", str(error)) from None


def _slowed(times: dict[str, Any], slowdown: float) -> dict[str, Any]:
    return {
        name: {part: ms * slowdown for part, ms in value.items()} if isinstance(value, dict) else value * slowdown
        for name, value in times.items()
    }


def _time(work: Callable[[], object], repeats: int) -> float:
    """The least of a few, in milliseconds, after one warm-up: what else the machine did meanwhile is not the model's."""
    times = []
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
        if times[-1] > SLOW_S and len(times) > 1:
            break
    return 1000 * min(times[1:])
