"""Measure what compressing costs: how often each way of sending a photo leaves the answer as it is.

Finished photos of a task are stored as lines of a file, so that a job that was stopped or killed resumes with the next one.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypedDict

from PIL import Image

from inference.agreement import sampling, store
from inference.agreement.sampling import Sample
from inference.engine import agreement, catalogue
from inference.engine.catalogue import Profile
from inference.engine.codecs.photo_codec import PhotoCodecError
from inference.engine.runner import Vision
from inference.model_jobs import lifecycle, photo_source
from inference.model_jobs.journal import Journal
from webapp.live.errors import UserError


def run(journal: Journal) -> None:
    profile = catalogue.profile(journal.job.profile)
    measure(journal, profile, photo_source.files(journal.job), "")
    journal.finished("measured; placement uses it from now on")


class Row(TypedDict):
    """What a photo gave, as a line of the file that a stopped job goes on from."""

    task: str
    photo: str
    samples: list[dict[str, object]]


def measure(journal: Journal, profile: Profile, files: Sequence[Path], only: str) -> None:
    """Every method of every task of a profile, or only those that begin so. The results are stored task by task."""
    vision = _load(profile)
    place = folder(journal.job.pk) / f"samples{only.replace('/', '-')}.jsonl"
    done = list(_read(place))
    finished = {(row["task"], row["photo"]) for row in done}
    total = len(files) * len(profile.on_towers)
    for number_of_task, task in enumerate(profile.on_towers):
        values: dict[str, list[Sample]] = {method: [] for method in sampling.methods(profile, task) if method.startswith(only)}
        for row in done:
            if row["task"] == task:
                _add(values, row["samples"])
        for number, file in enumerate(files):
            journal.progress(number_of_task * len(files) + number, total, "photos", f"measuring: {task}")
            if (task, str(file)) not in finished:
                wanted = [m for m, past in values.items() if sampling.is_promising([sample.agreement for sample in past])]
                samples = _samples(vision, task, file, number, wanted)
                _append(place, {"task": task, "photo": str(file), "samples": [asdict(sample) for sample in samples]})
                _add(values, [asdict(sample) for sample in samples])
        _store(profile, task, values)
    place.unlink(missing_ok=True)


def folder(job: int) -> Path:
    place = lifecycle.folder(job)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place


def _load(profile: Profile) -> Vision:
    """On the GPU of this machine, where it has one."""
    from devices.compute import torch_device
    from inference.engine.engines.gpu_fallback import GpuWithFallback
    from inference.engine.engines.torch_engine import TorchEngine

    def on_gpu() -> TorchEngine:
        return TorchEngine(profile, device=torch_device.choose())

    try:
        return Vision(GpuWithFallback(on_gpu(), on_gpu, lambda: TorchEngine(profile)))
    except catalogue.ModelsMissing as error:
        raise UserError("models_missing", str(error), "Fetch the models first.", 409) from None


def _samples(vision: Vision, task: str, file: Path, number: int, wanted: list[str]) -> list[Sample]:
    """None of a photo that has been deleted meanwhile, or that cannot be read."""
    try:
        return list(sampling.samples(vision, task, file.read_bytes(), number, wanted))
    except (PhotoCodecError, FileNotFoundError, Image.DecompressionBombError):
        return []


def _store(profile: Profile, task: str, values: dict[str, list[Sample]]) -> None:
    for method, samples in values.items():
        if samples:
            size = sum(sample.bytes for sample in samples) / len(samples)
            share = agreement.share([sample.agreement for sample in samples])
            store.record(profile, task, method, size, share.answers // len(sampling.questions(task, 0)), share)


def _add(values: dict[str, list[Sample]], samples: list[dict[str, object]]) -> None:
    for sample in samples:
        if sample["method"] in values:
            values[str(sample["method"])].append(Sample(**sample))  # type: ignore[arg-type]


def _append(place: Path, row: Row) -> None:
    with place.open("a") as file:
        file.write(json.dumps(row) + "\n")


def _read(place: Path) -> Iterator[Row]:
    if not place.exists():
        return
    for line in place.read_text().splitlines():
        try:
            yield json.loads(line)
        except ValueError:  # the process ended while it wrote this line
            continue
