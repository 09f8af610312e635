"""Held-out photos through a code: what each task answers, how sure it is, and whether that is right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import BertTokenizerFast

from inference.engine import split
from inference.lab.data import crops, tokens
from inference.lab.measures import decode, measure, score
from inference.lab.tower.shape import Compact

CLASSIFIED, CAPTIONED = 500, 150


@dataclass(frozen=True)
class Answered:
    """One task's answers. `right` holds 0 or 1, but for captions the number of the answer in `told` alone."""

    confidence: NDArray[np.float64]  # [n], as Answer.confidence gives it
    told: list[Any]
    score: Callable[[Sequence[Any]], float]  # of as many answers in the same order

    @property
    def accuracy(self) -> float:
        return self.score(self.told)

    def refined(self, better: "Answered", sure_above: float) -> tuple[float, float]:
        """Accuracy when every answer below the bound is replaced by `better`'s, and the share of those."""
        unsure = self.confidence < sure_above
        mixed = [new if doubt else old for old, new, doubt in zip(self.told, better.told, unsure, strict=True)]
        return self.score(mixed), float(unsure.mean())


@dataclass
class Examined:
    """Held-out photos with what is known of each: pixels [N, S, S, 3], and rows of names, captions and questions."""

    model: Compact
    tokenizer: BertTokenizerFast
    temperatures: Mapping[str, float]  # by task, from the card
    pixels: NDArray[np.uint8]
    labels: Tensor  # of the first photos
    references: list[list[str]]  # of the photos after those
    asked: list[tuple[int, str, str]]  # row in pixels, question, answer

    @torch.inference_mode()
    def answers(self, seen: Tensor) -> dict[str, Answered]:
        """seen [N, T, D] after the tower, for every photo -> answers by task."""
        first, heat = len(self.labels), self.temperatures
        names = (self.model.classify.classifier(seen[:first, 0]) / heat["classify"]).softmax(1).max(1)
        captions = decode.captions(self.model, self.tokenizer, seen[first:])
        rows = [row for row, _, _ in self.asked]
        said = decode.answers(self.model, self.tokenizer, seen[rows], [question for _, question, _ in self.asked], heat["vqa"])
        return {
            "classify": Answered(names.values.double().numpy(), names.indices.tolist(), self._named),
            "caption": Answered(
                np.array(self._certainty(seen[first:], captions)), captions, lambda told: score.bleu4(told, self.references)
            ),
            "vqa": Answered(np.array([one.product for one in said]), [measure.plain(one.text) for one in said], self._answered),
        }

    def accuracy(self, seen: Tensor) -> dict[str, float]:
        return {task: round(found.accuracy, 4) for task, found in self.answers(seen).items()}

    def _named(self, told: Sequence[Any]) -> float:
        return float(np.mean([one == wanted for one, wanted in zip(told, self.labels.tolist(), strict=True)]))

    def _answered(self, told: Sequence[Any]) -> float:
        return float(np.mean([one == measure.plain(wanted) for one, (_, _, wanted) in zip(told, self.asked, strict=True)]))

    def _certainty(self, seen: Tensor, texts: list[str]) -> list[float]:
        """Of each caption: the geometric mean of its tokens' probabilities at the temperature."""
        lengths = [len(ids) + 1 for ids in tokens.ids(self.tokenizer, texts)]  # the end counts
        logits, wanted = decode.caption_log_p(self.model, self.tokenizer, seen, texts)
        chances = (logits / self.temperatures["caption"]).log_softmax(-1).gather(1, wanted[:, None])[:, 0]
        return [float(part.mean().exp()) for part in chances.split(lengths)]


def examined(
    model: Compact, tokenizer: BertTokenizerFast, temperatures: Mapping[str, float], held: measure.Held, split_: str
) -> Examined:
    """`split_` is test or dev. Imagenette has no third split: every second photo of its validation set is dev."""
    labelled, captioned = held.labelled()[split_ == "test" :: 2], held.captions(split_)
    named, told = even(labelled, CLASSIFIED), even(captioned, CAPTIONED)
    place = {name: len(named) + row for row, (name, _) in enumerate(told)}
    asked = [(place[name], q.text, q.answer) for q in held.made(split_) if (name := f"flickr8k/images/{q.photo}") in place]
    pixels, labels = held.pixels([name for name, _ in [*named, *told]]), torch.tensor([label for _, label in named])
    return Examined(model, tokenizer, temperatures, pixels, labels, [texts for _, texts in told], asked)


def even(rows: Sequence[Any], count: int) -> list[Any]:
    count = min(count, len(rows))
    return [rows[n * len(rows) // count] for n in range(count)]


@torch.inference_mode()
def features(tower: split.Tower, pixels: NDArray[np.uint8], k: int) -> Tensor:
    """uint8 [N, S, S, 3] -> [N, T, D] at split point k."""
    parts = torch.from_numpy(pixels).permute(0, 3, 1, 2).split(100)
    return torch.cat([split.head(tower, crops.normalise(part), k) for part in parts])


@torch.inference_mode()
def finished(tower: split.Tower, given: Tensor, k: int) -> Tensor:
    return torch.cat([split.tail(tower, part, k) for part in given.split(100)])
