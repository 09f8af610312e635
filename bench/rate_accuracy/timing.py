"""Compute of a split answer on the device and the edge, on one core: milliseconds and parameters."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import TypedDict

import torch
from PIL import Image

from bench.rate_accuracy.evaluation import Evaluation
from inference.engine import loading, split
from inference.engine.engines.part import Part
from inference.engine.engines.torch_engine import TorchEngine

QUESTION = "what is in the photo?"
REPEATS, WARM_UP = 15, 2


class SplitTimes(TypedDict):
    """`encode_ms`, `decode_ms` and `share` by level; `share`, by task: head and encoding over the whole model's compute."""

    head_ms: float
    encode_ms: list[float]
    decode_ms: list[float]
    share: dict[str, list[float]]
    device_parameters: int


class Times(TypedDict):
    whole_ms: dict[str, float]  # by task
    splits: dict[str, SplitTimes]  # by split point


def measure(photos: Evaluation) -> Times:
    parts = TorchEngine(photos.profile).parts
    image = Image.fromarray(photos.pixels[0])
    with torch.inference_mode():
        whole = {task: median_ms(partial(_whole, part, image)) for task, part in parts.items()}
        return {"whole_ms": whole, "splits": {str(k): _split(photos, k, whole, image) for k in sorted(photos.part.codes)}}


def _whole(part: Part, image: Image.Image) -> None:
    part.answering.answers(part.networks.vision.whole(part.pixels(image)), [QUESTION])


def _split(photos: Evaluation, k: int, whole: dict[str, float], image: Image.Image) -> SplitTimes:
    part, tower, code = photos.part, loading.tower(photos.part.networks), photos.part.codes[k]
    pixels, levels = torch.from_numpy(part.pixels(image)), range(1, len(code.sizes) + 1)
    features = split.head(tower, pixels, k)[0].numpy()
    payloads = {level: code.encode(features, level) for level in levels}
    head_ms = median_ms(lambda: split.head(tower, pixels, k))
    encode_ms = [median_ms(partial(code.encode, features, level)) for level in levels]
    decode_ms = [median_ms(partial(code.decode, payloads[level], level)) for level in levels]
    on_device = [parameter for module in tower.on_device(k) for parameter in module.parameters()]
    share = {task: [round((head_ms + ms) / whole_ms, 4) for ms in encode_ms] for task, whole_ms in whole.items()}
    return {"head_ms": head_ms, "encode_ms": encode_ms, "decode_ms": decode_ms, "share": share,
            "device_parameters": sum(parameter.numel() for parameter in on_device)}  # fmt: skip


def median_ms(work: Callable[[], object]) -> float:
    """Compute time of this thread in milliseconds, after a warm-up; other load on the machine does not count."""
    times = []
    for _ in range(WARM_UP + REPEATS):
        started = time.thread_time()
        work()
        times.append(1000 * (time.thread_time() - started))
    return round(statistics.median(times[WARM_UP:]), 3)
