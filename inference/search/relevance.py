"""How near is near: a text's similarities are compared with those to photos that have nothing to do with it. Pure.

Some words are near every photo and some near none, so one limit for all would serve neither. `background` has the vectors of
a few hundred photos of all kinds, with which the limit is put for each text.
"""

from dataclasses import dataclass
from functools import cache
from math import log10
from pathlib import Path
from typing import Literal

import numpy as np
from safetensors.numpy import load_file

from inference.engine.mean_token.space import Array

FILE = Path(__file__).parent / "weights" / "background.safetensors"
# Chosen on the captions of Flickr8k's development photos (inference/lab/search/calibrate.py).
FITS = 3.5  # standard deviations above the background from which on a photo fits, among MANY or more
MANY = 1000  # photos
PER_DECADE, LEAST = 0.65, 2.0  # less for a tenth of the photos, so that no more of them fit by chance; but never below
ALIKE = 0.6  # cosine of two photos from which on they are alike
NAMED = FITS  # standard deviations that a name which the classifier gave is worth: as much as to stand out
STRONG, VERY_ALIKE = 5.0, 0.8  # from which on a match is called very close
OFFERED = 6  # photos that are shown as the nearest where none fits


Closeness = Literal["very close", "close", "distant"]


def limit(photos: int) -> float:
    """Standard deviations from which on one of so many photos fits. The more there are, the further the nearest stands out by
    chance."""
    return min(FITS, max(LEAST, FITS + PER_DECADE * log10(max(1, photos) / MANY)))


def closeness(distance: float, fits: float = FITS) -> Closeness:
    """Of a photo to words, in standard deviations."""
    return _level(distance, fits, STRONG)


def likeness(cosine: float) -> Closeness:
    """Of two photos."""
    return _level(cosine, ALIKE, VERY_ALIKE)


def _level(value: float, close: float, very: float) -> Closeness:
    return "very close" if value >= very else "close" if value >= close else "distant"


@dataclass(frozen=True)
class Scale:
    mean: float
    deviation: float

    def distance(self, similarity: float) -> float:
        return (similarity - self.mean) / self.deviation


def of(vector: Array) -> Scale:
    """Of a text's unit vector [SIZE]."""
    similarities = background() @ vector
    return Scale(float(similarities.mean()), max(float(similarities.std()), 1e-6))


@cache
def background() -> Array:
    """Unit vectors [N, SIZE]. Raises OSError for a missing file."""
    vectors = load_file(FILE)["vectors"].astype(np.float32)
    result: Array = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return result
