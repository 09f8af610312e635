"""One profile, loaded: whole models, heads and tails, from photo or packet to answer."""

import hashlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from inference.vision import codec, loading, photo_codec, split, wire
from inference.vision.answer import Answer
from inference.vision.catalogue import Profile
from inference.vision.loading import ModelsMissing, Part
from inference.vision.wire import WireError

__all__ = ["Answer", "ModelsMissing", "Vision"]
QUESTION = "what is in the photo?"  # when a question was needed and none came
SLOW_S = 1.0  # measured once, not `repeats` times


@dataclass(frozen=True)
class _Unpacked:
    part: Part
    features: Tensor
    k: int


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

    def run_head(self, task: str, image: Image.Image, split_at: int, level: int) -> bytes:
        """The packet to send. Raises WireError for a split point or level that the catalogue does not offer."""
        part = self._loaded()[task]
        code = _code(part, split_at, level)
        with torch.inference_mode():
            features = split.head(part.tower, self._pixels(part, image), split_at)[0]
        payload = code.encode(features.float().cpu().numpy(), level)
        tower = part.tower
        return wire.pack(wire.Packet(split_at, level, tower.tokens, tower.width, part.digest[:8], code.digest, payload))

    def run_tail(self, task: str, packet: bytes, question: str | None) -> Answer:
        """Raises WireError for bytes that a head with the same models and code did not send."""
        unpacked = self._unpack(task, packet)
        with torch.inference_mode():
            tokens = split.tail(unpacked.part.tower, unpacked.features, unpacked.k)
        return unpacked.part.answer(tokens, question or QUESTION)

    def measure(self, repeats: int = 3) -> dict[str, Any]:
        """Median milliseconds per task: the whole model, head and tail at each split point with the code, each photo encoding."""
        return {"tasks": {task: self._measure(task, repeats) for task in self._loaded()}}

    def _measure(self, task: str, repeats: int) -> dict[str, Any]:
        # Noise, not grey: a decoder that stops after one word would make the tail look cheaper than it is.
        image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8))
        head_ms, tail_ms = {}, {}
        for k in self.profile.split_points(task):
            level = self.profile.code_levels(task, k)[-1].level
            packet = self.run_head(task, image, k, level)
            head_ms[str(k)] = _time(partial(self.run_head, task, image, k, level), repeats)
            tail_ms[str(k)] = _time(partial(self.run_tail, task, packet, QUESTION), repeats)
        whole_ms = _time(lambda: self.run_whole(task, image, QUESTION), repeats)
        size, levels = self.profile.image_size(task), self.profile.photo_levels(task)
        middling = {one.codec: one.quality for one in levels}  # what an encoder takes hardly depends on the quality
        send_ms = {name: _time(partial(photo_codec.encode, image, name, q, size), repeats) for name, q in middling.items()}
        return {"whole_ms": whole_ms, "head_ms": head_ms, "tail_ms": tail_ms, "send_ms": send_ms}

    def _unpack(self, task: str, data: bytes) -> _Unpacked:
        part, packet = self._loaded()[task], wire.unpack(data)
        tower = part.tower
        if packet.tower != part.digest[:8]:
            raise WireError("wire_model", "The features come from other weights; give both nodes the same profile.")
        if (packet.tokens, packet.width) != (tower.tokens, tower.width):
            raise WireError(
                "wire_shape", "The features have another shape than this model's; give both nodes the same profile."
            )
        code = _code(part, packet.split_at, packet.level)
        if packet.code != code.digest:
            raise WireError("wire_code", "The features were packed with another code; give both nodes the same version.")
        try:
            features = code.decode(packet.payload, packet.level)
        except codec.CodecError as error:
            raise WireError("wire_payload", str(error)) from None
        return _Unpacked(part, torch.from_numpy(features)[None].to(self.device), packet.split_at)

    def _pixels(self, part: Part, image: Image.Image) -> Tensor:
        return torch.from_numpy(part.pixels(image)).to(self.device)

    def _loaded(self) -> dict[str, Part]:
        if not self.parts:
            raise RuntimeError("Vision.load() comes first.")
        return self.parts


def _code(part: Part, k: int, level: int) -> codec.Code:
    code = part.codes.get(k)
    if code is None:
        raise WireError("wire_split", f"There is no code for a split after block {k}; choose a split point of the catalogue.")
    if not 1 <= level <= len(code.sizes):
        raise WireError("wire_level", f"The code has levels 1 to {len(code.sizes)}, not {level}; choose one of them.")
    return code


def _time(work: Callable[[], object], repeats: int) -> float:
    """Median milliseconds after one warm-up."""
    times = []
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
        if times[-1] > SLOW_S and len(times) > 1:
            break
    return 1000 * statistics.median(times[1:])
