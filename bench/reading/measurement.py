"""Words read on drawn signs: how many are right, and how small and how coarse a photo may become before words are lost."""

import io
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image

from bench.harness.intervals import rounded, wilson
from bench.reading import signs
from bench.reading.confidence import ScoredLine, scored_lines
from bench.reading.signs import Sign
from inference.engine.answer import Answer
from inference.engine.codecs import photo_codec
from inference.engine.model_options import PhotoLevel
from inference.engine.tasks.read.reader import Reader

Read = Callable[[Image.Image], Answer]
Photo = TypeVar("Photo", Image.Image, bytes)


@dataclass(frozen=True)
class Score:
    """Of several signs."""

    words: int
    right: int
    false: int  # words that were read and are not there

    @property
    def accuracy(self) -> float:
        return self.right / self.words if self.words else 0.0

    @property
    def interval(self) -> list[float]:
        """Of the accuracy, at 95 %, words taken for independent."""
        return rounded(wilson(self.right, self.words))


def score(read: Sequence[Sequence[str]], written: Sequence[Sequence[str]]) -> Score:
    """By words, in any order, upper and lower case alike."""
    right = false = words = 0
    for of_photo, of_sign in zip(read, written, strict=True):
        found, there = (Counter(word.casefold() for word in some) for some in (of_photo, of_sign))
        right += (common := (found & there).total())
        false += found.total() - common
        words += there.total()
    return Score(words, right, false)


def words_of(answer: Answer) -> list[str]:
    return [word for line in answer.lines for word in line.text.split()]


def of_signs(read: Read, drawn: Sequence[Sign], is_upside_down: bool = False) -> tuple[Score, list[ScoredLine]]:
    answers = [read(sign.photo.rotate(180) if is_upside_down else sign.photo) for sign in drawn]
    lines = [line for answer, sign in zip(answers, drawn, strict=True) for line in scored_lines(answer, sign)]
    return score([words_of(answer) for answer in answers], [sign.words for sign in drawn]), lines


def reader(threads: int = 1) -> Read:
    model = Reader(threads)
    model.load()
    return lambda photo: model.answer(photo, "")


def as_jpeg(photo: Image.Image) -> bytes:
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=90)
    return out.getvalue()


def stored(photo: Image.Image) -> Image.Image:
    """As a phone's photo is kept: JPEG at a high quality."""
    return photo_codec.decode(as_jpeg(photo))


@dataclass(frozen=True)
class Rung:
    level: PhotoLevel
    score: Score
    bytes: int  # on average


def ladder(read: Read, several: Sequence[Sign], levels: Iterable[PhotoLevel]) -> tuple[Score, list[Rung]]:
    """What is read from the photos as they are stored, and from each encoding of them."""
    photos, written = [stored(sign.photo) for sign in several], [sign.words for sign in several]
    rungs = []
    for level in levels:
        files = [photo_codec.encode_level(photo, level, 0) for photo in photos]
        found = score([words_of(read(photo_codec.decode(file))) for file in files], written)
        rungs.append(Rung(level, found, round(sum(map(len, files)) / len(files))))
    return score([words_of(read(photo)) for photo in photos], written), rungs


def seconds(work: Callable[[Photo], object], photos: Iterable[Photo]) -> float:
    """Of processor time for one photo, in the median."""
    times = []
    for photo in photos:
        started = time.process_time()
        work(photo)
        times.append(time.process_time() - started)
    return statistics.median(times)


def large(seed: int) -> Sign:
    """As a phone takes it, with letters between a sixtieth and an eighth of the photo's width."""
    return signs.draw(seed, (2048, 1536), (1 / 60, 1 / 8), aslant=0.06)
