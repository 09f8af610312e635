"""PP-OCRv6: lines of text are found, turned upright and read, each with its own confidence. ONNX Runtime on the CPU."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from inference.engine.answer import EVEN_ODDS, Answer, TextLine
from inference.engine.tasks.read import package
from inference.engine.tasks.read.calibration import line_confidence, nothing_confidence
from inference.engine.tasks.read.extraction import relevant
from inference.engine.tasks.read.meant_lines import meant
from inference.engine.tasks.read.ordering import order
from inference.engine.tasks.read.strips import Pixels, Strip, pixels_of, upside_down
from inference.engine.tasks.read.wording import CUT, NO_TEXT, NONE_THERE, SEPARATOR, UNREADABLE
from inference.engine.tasks.standalone import StandaloneFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rapidocr import RapidOCR

MAX_LINES = 80  # of one photo; each takes about 45 ms of one core
MAX_CHARS = 3000  # of one answer
MAX_LINE = 300  # characters
SEARCH_SIDE = 960  # pixels of the longer side, in which lines are looked for; they are read at full size
READABLE = 0.5  # mean probability of a line's characters, as the recogniser states it, below which it counts as not read
LONE = 0.9  # the same, below which a single letter or digit counts as texture: branches, eyes and folds are often taken for one
FAILED = "Text recognition failed on this photo ({reason}); try again, or add the photo again."


class Reader:
    """Loaded with its first photo. Not thread-safe."""

    def __init__(self, threads: int | None) -> None:
        self.threads = threads or os.cpu_count() or 1
        self._ocr: RapidOCR | None = None

    @property
    def is_loaded(self) -> bool:
        return self._ocr is not None

    def load(self) -> None:
        if self._ocr is None:
            if problem := package.problem():
                raise StandaloneFailed(problem)
            self._ocr = _load(self.threads)

    def answer(self, image: Image.Image, question: str) -> Answer:
        """`question`: which lines are meant, and what is looked for in them; the confidence is then that of the lines it stands
        in. Where there is text, but not where it is meant, the lines are those that there are."""
        every, is_cut = self.lines(image)
        lines = meant(question, every, image.size)
        if every and not lines:
            return Answer(NONE_THERE, nothing_confidence(), [], lines=tuple(every))
        read = [line for line in lines if line.text]
        if not read:
            text, confidence = (UNREADABLE, EVEN_ODDS) if lines else (NO_TEXT, nothing_confidence())
            return Answer(text, confidence, [], lines=tuple(lines))
        text = SEPARATOR.join(line.text for line in read) + (CUT if is_cut else "")
        confidence = _mean(relevant(question, read) or read)
        return Answer(text, confidence, [], lines=tuple(lines))

    def lines(self, image: Image.Image) -> tuple[list[TextLine], bool]:
        """Lines in reading order, those that could not be read with an empty text; and whether there is more text than that."""
        from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError

        pixels, margin, size = pixels_of(image)
        try:
            strips = self._find(pixels)
            turned = upside_down(strips, self._directions(strips))
            sequence = order([strip.placed(over) for strip, over in zip(strips, turned, strict=True)])
            wanted, lines, length = sequence[:MAX_LINES], list[TextLine](), 0
            for text, score, index in zip(*self._read([_upright(strips[i], turned[i]) for i in wanted]), wanted, strict=True):
                if _is_texture(text, score):
                    continue
                known = " ".join(text.split())[:MAX_LINE] if score >= READABLE else ""
                length += len(known)
                if length > MAX_CHARS:
                    return lines, True
                confidence = line_confidence(score) if known else 0.0
                lines.append(TextLine(known, confidence, *strips[index].edges(margin, size)))
        except ONNXRuntimeError as error:
            raise StandaloneFailed(FAILED.format(reason=str(error).strip().splitlines()[-1][:80])) from error
        return lines, len(sequence) > len(wanted)

    def _find(self, pixels: Pixels) -> list[Strip]:
        from rapidocr.main import RapidOCRError

        assert self._ocr is not None, "the model is loaded"
        try:
            crops, found = self._ocr.detect_and_crop(pixels, {})
        except RapidOCRError:  # there is no text
            return []
        assert found.boxes is not None, "there is text"
        return [
            Strip(crop, np.asarray(corners, np.float32))
            for crop, corners in zip(crops, found.boxes, strict=True)
            if min(crop.shape[:2]) > 1
        ]

    def _directions(self, strips: Sequence[Strip]) -> list[tuple[str, float]]:
        assert self._ocr is not None, "the model is loaded"
        return list(self._ocr.cls_and_rotate([strip.pixels for strip in strips])[1].cls_res or ()) if strips else []

    def _read(self, crops: Sequence[Pixels]) -> tuple[Sequence[str], Sequence[float]]:
        assert self._ocr is not None, "the model is loaded"
        if not crops:
            return (), ()
        result = self._ocr.recognize_txt(list(crops))
        return result.txts or (), result.scores


def _load(threads: int) -> RapidOCR:
    """With the files that were checked: the package never looks for others. One line at a time, as the lines of a batch are
    computed at the width of the longest."""
    from rapidocr import RapidOCR

    root = package.folder()
    assert root is not None, "the package is there"
    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Det.model_path": str(root / package.DETECTOR),
            "Cls.model_path": str(root / package.DIRECTIONS),
            "Rec.model_path": str(root / package.RECOGNISER),
            "Det.limit_type": "max",
            "Det.limit_side_len": SEARCH_SIDE,
            "Rec.rec_batch_num": 1,
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _is_texture(text: str, score: float) -> bool:
    """What the detector takes for a line although there is no text: nothing is recognised in it, or one unclear character."""
    count = sum(character.isalnum() for character in text)
    return count == 0 or (count == 1 and score < LONE)


def _upright(strip: Strip, is_upside_down: bool) -> Pixels:
    return np.ascontiguousarray(np.rot90(strip.pixels, 2)) if is_upside_down else strip.pixels


def _mean(lines: Sequence[TextLine]) -> float:
    """Longer lines count for more."""
    weights = [len(line.text) for line in lines]
    return sum(line.score * weight for line, weight in zip(lines, weights, strict=True)) / sum(weights)
