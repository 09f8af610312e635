"""Milliseconds that each part of each task takes on this node, with any engine."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TypedDict

import numpy as np
from PIL import Image
from typing_extensions import NotRequired

from inference.engine.catalogue import Profile
from inference.engine.codecs import photo_codec
from inference.engine.runner import Vision, default_question

SLOW_S = 1.0  # measured once, not `repeats` times


class TaskTimes(TypedDict):
    """Milliseconds. JSON, so split points are strings; `send_ms` is by photo codec. `digest`: of a standalone model."""

    whole_ms: float
    head_ms: dict[str, float]  # decoding the photo, head, encoding
    encode_ms: dict[str, float]  # of head_ms, the encoding alone
    tail_ms: dict[str, float]
    send_ms: dict[str, float]  # encoding the photo at the model's input size
    digest: NotRequired[str]


Turn = Callable[[], AbstractContextManager[None]]


def measure(vision: Vision, slowdown: float = 1.0, repeats: int = 3, turn: Turn = nullcontext) -> dict[str, TaskTimes]:
    """By task. `slowdown`: the factor by which a simulated node is slower. `turn`: held around each call, where other models
    answer meanwhile."""
    measures = {task: _measure if vision.profile.splits(task) else _estimate for task in vision.tasks}
    timer = _Timer(repeats, turn)
    return {task: _slowed(measures[task](vision, task, timer), slowdown) for task in vision.tasks}


@dataclass(frozen=True)
class _Timer:
    repeats: int
    turn: Turn

    def ms(self, work: Callable[[], object]) -> float:
        """The minimum of a few runs, after one warm-up: the minimum leaves out what else the machine did."""
        times = []
        for _ in range(self.repeats + 1):
            with self.turn():
                started = time.perf_counter()
                work()
                times.append(time.perf_counter() - started)
            if times[-1] > SLOW_S and len(times) > 1:
                break
        return 1000 * min(times[1:])


def _photo() -> tuple[Image.Image, bytes]:
    """A photo, and its file, from which every route starts."""
    # Coloured blobs, not grey: a decoder that stops after one word would make the tail look cheaper than it is.
    blobs = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8))
    image = blobs.resize((640, 480), Image.Resampling.BICUBIC)
    return image, photo_codec.encode(image, "jpeg", 90, 640)


def _estimate(vision: Vision, task: str, timer: _Timer) -> TaskTimes:
    """Of a standalone model, which is not loaded only to be measured: what encoding a photo takes here, times what the card
    says an answer takes of that. Its first answers correct it."""
    profile = vision.profile
    send_ms = _sending(profile, task, _photo()[1], timer)
    whole_ms = profile.encodings_per_answer(task) * send_ms[profile.photo_levels(task)[0].codec]
    times: TaskTimes = {"whole_ms": whole_ms, "head_ms": {}, "encode_ms": {}, "tail_ms": {}, "send_ms": send_ms}
    return {**times, "digest": profile.digest_of(task)}


def _sending(profile: Profile, task: str, photo: bytes, timer: _Timer) -> dict[str, float]:
    size = profile.image_size(task)
    # One level each: an encoder's time hardly depends on quality.
    levels = {level.codec: level for level in reversed(profile.photo_levels(task))}
    return {name: timer.ms(partial(photo_codec.again, photo, level, size)) for name, level in levels.items()}


def _measure(vision: Vision, task: str, timer: _Timer) -> TaskTimes:
    image, photo = _photo()
    profile, question = vision.profile, default_question(task)
    head_ms, encode_ms, tail_ms = {}, {}, {}
    for k in profile.split_points(task):
        level = profile.code_levels(task, k)[-1].level
        features, packet = vision.head(task, image, k), vision.run_head(task, image, k, level)
        encode_ms[str(k)] = timer.ms(partial(vision.pack, task, features, k, level))
        head_ms[str(k)] = timer.ms(lambda: vision.run_head(task, photo_codec.decode(photo), k, level))  # noqa: B023
        tail_ms[str(k)] = timer.ms(partial(vision.run_tail, task, packet, question))
    whole_ms = timer.ms(lambda: vision.run_whole(task, photo_codec.decode(photo), question))
    send_ms = _sending(profile, task, photo, timer)
    return {"whole_ms": whole_ms, "head_ms": head_ms, "encode_ms": encode_ms, "tail_ms": tail_ms, "send_ms": send_ms}


def _slowed(times: TaskTimes, slowdown: float) -> TaskTimes:
    def scaled(values: dict[str, float]) -> dict[str, float]:
        return {name: ms * slowdown for name, ms in values.items()}

    return {
        **times,
        "whole_ms": times["whole_ms"] * slowdown,
        "head_ms": scaled(times["head_ms"]),
        "encode_ms": scaled(times["encode_ms"]),
        "tail_ms": scaled(times["tail_ms"]),
        "send_ms": scaled(times["send_ms"]),
    }
