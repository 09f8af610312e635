"""On how many photos an engine answers as the reference does, and how far its features are from the reference's."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.engines.messages import Answers
from bench.engines.photos import Photo


@dataclass(frozen=True)
class Difference:
    """One answer that is not the reference's."""

    photo: str
    task: str
    question: str  # as vqa was asked
    expected: str
    text: str


@dataclass
class Agreement:
    """Counts of equal texts; `add` takes one photo at a time."""

    photos: int = 0
    all_equal: int = 0  # photos on which every task agrees
    equal: dict[str, int] = field(default_factory=dict)  # by task
    features_error: float = 0.0  # the largest difference, as a share of the largest feature of the photo
    differences: list[Difference] = field(default_factory=list)

    def add(self, photo: Photo, reference: Answers, answers: Answers) -> None:
        same = {task: answers.texts[task] == text for task, text in reference.texts.items()}
        self.photos += 1
        self.all_equal += all(same.values())
        self.equal = {task: self.equal.get(task, 0) + is_same for task, is_same in same.items()}
        self.differences += [
            Difference(photo.name, task, photo.question, reference.texts[task], answers.texts[task])
            for task, is_same in same.items()
            if not is_same
        ]
        if reference.features is not None and answers.features is not None:
            self.features_error = max(self.features_error, relative_error(reference.features, answers.features))

    @property
    def share(self) -> float | None:
        return round(self.all_equal / self.photos, 4) if self.photos else None


def relative_error(expected: NDArray[np.float32], values: NDArray[np.float32]) -> float:
    """Infinite where the shapes differ."""
    if expected.shape != values.shape:
        return float("inf")
    return float(np.abs(values - expected).max() / np.abs(expected).max())
