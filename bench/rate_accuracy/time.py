"""What the device and the edge compute for a split answer, on one core: milliseconds and parameters."""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image

from bench.rate_accuracy.rows import Exam
from inference.engine import loading, split

QUESTION = "what is in the photo?"
REPEATS = 15


def measure(exam: Exam) -> dict[str, Any]:
    """`splits` by split point. Their `share`, by task and level: head and encoding over all that the whole model computes."""
    parts = loading.load(exam.profile, torch.device("cpu"))
    image = Image.fromarray(exam.pixels[0])
    with torch.inference_mode():
        whole = {task: median(partial(_whole, part, image)) for task, part in parts.items()}
        splits = {str(k): _split(exam, k, whole, image) for k in sorted(exam.part.codes)}
    return {"whole_ms": whole, "splits": splits}


def _whole(part: loading.Part, image: Image.Image) -> None:
    part.answer(split.whole(part.tower, torch.from_numpy(part.pixels(image))), QUESTION)


def _split(exam: Exam, k: int, whole: dict[str, float], image: Image.Image) -> dict[str, Any]:
    part, code = exam.part, exam.part.codes[k]
    pixels, levels = torch.from_numpy(part.pixels(image)), range(1, len(code.sizes) + 1)
    features = split.head(part.tower, pixels, k)[0].numpy()
    sent = {level: code.encode(features, level) for level in levels}
    head_ms = median(lambda: split.head(part.tower, pixels, k))
    encode_ms = [median(partial(code.encode, features, level)) for level in levels]
    decode_ms = [median(partial(code.decode, sent[level], level)) for level in levels]
    on_device = [one for module in part.tower.on_device(k) for one in module.parameters()]
    share = {task: [round((head_ms + one) / took, 4) for one in encode_ms] for task, took in whole.items()}
    return {"head_ms": head_ms, "encode_ms": encode_ms, "decode_ms": decode_ms, "share": share,
            "device_parameters": sum(p.numel() for p in on_device)}  # fmt: skip


def median(work: Callable[[], object]) -> float:
    """Milliseconds of this thread's own computing, after two to warm up: what else runs on the machine does not count."""
    times = []
    for _ in range(REPEATS + 2):
        begun = time.thread_time()
        work()
        times.append(1000 * (time.thread_time() - begun))
    return round(statistics.median(np.array(times[2:]).tolist()), 3)
