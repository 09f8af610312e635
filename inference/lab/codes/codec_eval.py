"""Held-out photos through a code: each task's answers, their confidence, and whether they are correct."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import BertTokenizerFast

from inference.engine import doubt, split
from inference.engine.doubt import Calibration
from inference.engine.questions import kinds
from inference.engine.questions.kinds import Kind
from inference.lab.data import crops, tokens
from inference.lab.halves.shape import Compact
from inference.lab.measures import decode, measure, score

CLASSIFIED, CAPTIONED = 500, 150  # photos
Item = TypeVar("Item")
Result = TypeVar("Result", int, str)


@dataclass(frozen=True)
class TaskAnswers(Generic[Result]):
    """One task's answers to every item, in a fixed order."""

    confidence: NDArray[np.float64]  # [n], as Answer.confidence computes it
    results: list[Result]  # class ids, captions or answers
    score: Callable[[Sequence[Result]], float]  # accuracy of such a list

    @property
    def accuracy(self) -> float:
        return self.score(self.results)

    def refined(self, better: "TaskAnswers[Result]", sure_above: float) -> tuple[float, float]:
        """(accuracy with `better`'s answer wherever the confidence is below the bound, share of those items)."""
        unsure = self.confidence < sure_above
        mixed = [new if replace else old for old, new, replace in zip(self.results, better.results, unsure, strict=True)]
        return self.score(mixed), float(unsure.mean())


@dataclass
class EvaluationSet:
    """Held-out photos with their references, and the models that answer about them."""

    model: Compact
    tokenizer: BertTokenizerFast
    calibrations: Mapping[str, Calibration]  # by task, from the card
    pixels: NDArray[np.uint8]  # [N, S, S, 3]: the labelled photos, then the captioned ones
    labels: Tensor  # of the first photos
    references: list[list[str]]  # captions of the photos after those
    questions: list[tuple[int, str, str]]  # row in pixels, question, answer

    @torch.inference_mode()
    def answers(self, seen: Tensor) -> dict[str, TaskAnswers[int] | TaskAnswers[str]]:
        """seen [N, T, D]: the tower's output for every photo -> answers by task."""
        first = len(self.labels)
        best = (self.model.classifier(seen[:first, 0]) / self.calibrations["classify"].temperature).softmax(1).max(1)
        captions = decode.captions(self.model.caption, self.tokenizer, seen[first:])
        rows, texts = [row for row, _, _ in self.questions], [question for _, question, _ in self.questions]
        answers = decode.answers(self.model.vqa, self.tokenizer, seen[rows], texts, self.calibrations["vqa"].temperature)
        variety = [doubt.variety(tokens[None].numpy()) for tokens in seen]
        of_captions = self._caption_probability(seen[first:], captions)
        kinds_ = [kinds.read(text).kind for text in texts]
        return {
            "classify": TaskAnswers(
                self._scaled("classify", best.values.tolist(), variety[:first], [Kind.NAME] * first),
                best.indices.tolist(),
                self._top1,
            ),
            "caption": TaskAnswers(
                self._scaled("caption", of_captions, variety[first:], [""] * len(captions)),
                captions,
                lambda texts: score.bleu4(texts, self.references),
            ),
            "vqa": TaskAnswers(
                self._scaled("vqa", [answer.product for answer in answers], [variety[row] for row in rows], kinds_),
                [measure.normalise(answer.text) for answer in answers],
                self._exact,
            ),
        }

    def _scaled(
        self, task: str, probabilities: Sequence[float], variety: Sequence[float], kinds_: Sequence[str]
    ) -> NDArray[np.float64]:
        scale = self.calibrations[task].scale
        return np.array([scale.probability(*row) for row in zip(probabilities, variety, kinds_, strict=True)])

    def accuracy(self, seen: Tensor) -> dict[str, float]:
        return {task: round(answers.accuracy, 4) for task, answers in self.answers(seen).items()}

    def _top1(self, labels: Sequence[int]) -> float:
        return float(np.mean([label == target for label, target in zip(labels, self.labels.tolist(), strict=True)]))

    def _exact(self, answers: Sequence[str]) -> float:
        expected = [measure.normalise(answer) for _, _, answer in self.questions]
        return float(np.mean([answer == target for answer, target in zip(answers, expected, strict=True)]))

    def _caption_probability(self, seen: Tensor, texts: list[str]) -> list[float]:
        """Geometric mean of each caption's token probabilities at the temperature, the end token included."""
        lengths = [len(ids) + 1 for ids in tokens.ids(self.tokenizer, texts)]
        logits, targets = decode.caption_logits(self.model.caption, self.tokenizer, seen, texts)
        log_p = (logits / self.calibrations["caption"].temperature).log_softmax(-1).gather(1, targets[:, None])[:, 0]
        return [float(caption.mean().exp()) for caption in log_p.split(lengths)]


def evaluation_set(
    model: Compact, tokenizer: BertTokenizerFast, calibrations: Mapping[str, Calibration], photos: measure.HeldOut, part: str
) -> EvaluationSet:
    """`part` is test or dev. Imagenette has no third split: every second photo of its validation set is dev."""
    labelled = even_sample(photos.labelled()[part == "test" :: 2], CLASSIFIED)
    captioned = even_sample(photos.captions(part), CAPTIONED)
    place = {name: len(labelled) + row for row, (name, _) in enumerate(captioned)}
    questions = [
        (place[name], question.text, question.answer)
        for question in photos.generated_questions(part)
        if (name := f"flickr8k/images/{question.photo}") in place
    ]
    pixels = photos.pixels([*(name for name, _ in labelled), *(name for name, _ in captioned)])
    labels = torch.tensor([label for _, label in labelled])
    return EvaluationSet(model, tokenizer, calibrations, pixels, labels, [texts for _, texts in captioned], questions)


def even_sample(rows: Sequence[Item], count: int) -> list[Item]:
    """`count` rows at even distances; all of them if there are fewer."""
    count = min(count, len(rows))
    return [rows[n * len(rows) // count] for n in range(count)]


@torch.inference_mode()
def features(tower: split.Tower, pixels: NDArray[np.uint8], k: int) -> Tensor:
    """uint8 [N, S, S, 3] -> [N, T, D] at split point k."""
    parts = torch.from_numpy(pixels).permute(0, 3, 1, 2).split(100)
    return torch.cat([split.head(tower, crops.normalise(part), k) for part in parts])


@torch.inference_mode()
def tower_output(tower: split.Tower, features: Tensor, k: int) -> Tensor:
    """[N, T, D] at split point k -> the tower's output [N, T, D]."""
    return torch.cat([split.tail(tower, part, k) for part in features.split(100)])
