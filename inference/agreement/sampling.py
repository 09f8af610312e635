"""One photo through every way of compressing it: does the model still say the same? No Django.

The answers compared with are those of the same model to the photo as it is, so no labels are needed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from inference.engine import tasks
from inference.engine.catalogue import Profile
from inference.engine.codecs import photo_codec
from inference.engine.measured_card import photo_method, split_method
from inference.engine.model_options import PhotoLevel
from inference.engine.runner import Vision

QUESTIONS = 2  # of a task's probes for each photo, in turn
PROMISING_AFTER, PROMISING = 10, 0.8  # answers after which a method that agrees less often is not measured any further


@dataclass(frozen=True)
class Sample:
    """One answer."""

    task: str
    method: str
    bytes: int
    agreement: float


def methods(profile: Profile, task: str) -> list[str]:
    """The photo encodings and then the levels, each kind from the most bytes down."""
    levels = sorted(profile.photo_levels(task), key=lambda level: -level.quality)
    photo = [photo_method(level.codec, level.quality) for level in levels]
    split = [
        split_method(k, level.level)
        for k in profile.split_points(task)
        for level in sorted(profile.code_levels(task, k), key=lambda level: -level.level)
    ]
    return photo + split


def questions(task: str, number: int) -> list[str | None]:
    """Those asked about the photo of that number; None: the task's own."""
    probes = tasks.get(task).probes
    if not probes:
        return [None]
    return [probes[(number * QUESTIONS + offset) % len(probes)] for offset in range(min(QUESTIONS, len(probes)))]


def samples(vision: Vision, task: str, data: bytes, number: int, wanted: Iterable[str]) -> Iterator[Sample]:
    """`data`: the photo as a file. `wanted`: methods of this task."""
    image, agreement = photo_codec.decode(data), tasks.get(task).agreement
    queries = questions(task, number)
    before = [vision.run_whole(task, image, question).text for question in queries]
    points: dict[int, list[tuple[str, int]]] = {}
    for method in wanted:
        kind, first, second = method.split("/")
        if kind == "split":
            points.setdefault(int(first), []).append((method, int(second)))
            continue
        sent = photo_codec.again(data, PhotoLevel(first, int(second), None), vision.profile.image_size(task))
        again = photo_codec.decode(sent)
        for question, answer in zip(queries, before, strict=True):
            yield Sample(task, method, len(sent), agreement(answer, vision.run_whole(task, again, question).text))
    for split_at, levels in points.items():
        features = vision.head(task, image, split_at)
        for method, level in levels:
            packet = vision.pack(task, features, split_at, level)
            for question, answer in zip(queries, before, strict=True):
                text = vision.run_tail(task, packet, question).text
                yield Sample(task, method, len(packet), agreement(answer, text))


def is_promising(values: list[float]) -> bool:
    return len(values) < PROMISING_AFTER or sum(values) / len(values) >= PROMISING
