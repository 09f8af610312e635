"""KL divergence (nats) between task outputs from decoded and from original features.

A small error of the tower's tokens is not enough: close class tokens may still give another label, and an answer may depend on
one place. So a code is also trained on the outputs of the task heads: labels, answers and caption words, each against the same
head's output on the original features (distillation, Hinton et al. 2015). This needs no labels; prompts only provide the
questions and the caption words to condition on.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from transformers import BertTokenizerFast

from inference.engine import split
from inference.lab.data import texts as language
from inference.lab.data import tokens
from inference.lab.halves.shape import Compact

Divergence = Callable[[Tensor, Tensor], Tensor]  # (the tower's output [B, T, D], rows of the photos [B]) -> nats
WEIGHTS = 9.0, 18.0, 9.0  # of labels, answers and captions: each then weighs about as much as the token error at 128 bytes
QUESTIONS, CAPTIONS = 16, 8  # per step, drawn from its photos that have some
PROBED, BATCH = 400, 20  # photos whose gradients determine the bit allocation
Ids = list[int]
QuestionAnswer = tuple[Ids, Ids]
Prompt = TypeVar("Prompt")


def label_divergence(classifier: Callable[[Tensor], Tensor], target: Tensor) -> Divergence:
    """Of the class labels alone. target [N, T, D]: the tower's output on the original features."""
    log_p = torch.cat([classifier(part.float()).log_softmax(-1) for part in target[:, 0].split(500)])

    def divergence(seen: Tensor, rows: Tensor) -> Tensor:
        return F.kl_div(classifier(seen[:, 0]).log_softmax(-1), log_p[rows], log_target=True, reduction="batchmean")

    return divergence


@dataclass(frozen=True)
class Prompts:
    """By row: captions, and questions with their answers, as token ids with their start and end tokens."""

    captions: dict[int, list[Ids]]
    pairs: dict[int, list[QuestionAnswer]]

    @classmethod
    def read(cls, root: Path, tokenizer: BertTokenizerFast, photos: Sequence[str], mirrored: Sequence[bool]) -> "Prompts":
        """Of training photos by name; questions about a mirrored photo have left and right exchanged."""
        start, end, first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])
        place = {name: row for row, name in enumerate(photos)}
        captioned = [(place[name], text) for name, text in language.training_captions(root) if name in place]
        questions = [(name, question) for name, question in language.training_questions(root) if name in place]
        captions: dict[int, list[Ids]] = defaultdict(list)
        for (row, _), ids in zip(captioned, tokens.ids(tokenizer, [text for _, text in captioned]), strict=True):
            captions[row].append([start, *ids, end])
        plain, exchanged = (language.by_row(place, questions, tokenizer, mirrored=value) for value in (False, True))
        pairs = {
            row: [
                ([first, *question, end], [start, *answer, end])
                for question, answer in (exchanged if mirrored[row] else plain)[row]
            ]
            for row in plain
        }
        return cls(dict(captions), pairs)


@dataclass(frozen=True)
class Head(Generic[Prompt]):
    """A task's output given prompts: `logits` maps the tower's output [n, T, D] and n prompts to logits [m, classes]."""

    logits: Callable[[Tensor, list[Prompt]], Tensor]
    prompts: Mapping[int, list[Prompt]]  # by row


class TaskDivergence:
    """Of all three tasks. target [N, T, D]: the tower's output on the original features, row by row as in the prompts."""

    def __init__(self, model: Compact, prompts: Prompts, target: Tensor) -> None:
        self.model, self.prompts, self.target = model, prompts, target
        self.labels = label_divergence(model.classifier, target)
        self.chance = random.Random(0)

    def __call__(self, seen: Tensor, rows: Tensor) -> Tensor:
        """Weighted nats per photo of its label, per question of its answer, per word of a caption."""
        label_weight, answer_weight, caption_weight = WEIGHTS
        loss = label_weight * self.labels(seen, rows)
        if questions := self._draw(rows, self.prompts.pairs, QUESTIONS):
            answers = self._divergence(self._answer_logits, seen, rows, questions)
            loss = loss + answer_weight * answers.sum() / len(questions)
        if captions := self._draw(rows, self.prompts.captions, CAPTIONS):
            loss = loss + caption_weight * self._divergence(self._caption_logits, seen, rows, captions).mean()
        return loss

    def gradients(self, tower: split.Tower, features: Tensor, k: int) -> list[NDArray[np.float32]]:
        """Per task with prompts, [n, T, D] at features [N, T, D]: the gradient of the log-probability of an output drawn from
        the head itself. Their second moment is the Fisher information: how strongly the output depends on the features."""
        chance = random.Random(0)
        labels = Head(self._label_logits, {row: [None] for row in range(len(features))})
        answers = Head(self._answer_logits, {row: [(q, a[:2]) for q, a in pairs] for row, pairs in self.prompts.pairs.items()})
        captions = Head(self._caption_logits, self.prompts.captions)
        by_row: list[Mapping[int, Sequence[object]]] = [labels.prompts, answers.prompts, captions.prompts]
        rows = [chance.sample(sorted(prompts), min(PROBED, len(prompts))) for prompts in by_row]
        gradients = (_fisher_gradients(tower, features, k, labels, rows[0], chance),
                     _fisher_gradients(tower, features, k, answers, rows[1], chance),
                     _fisher_gradients(tower, features, k, captions, rows[2], chance))  # fmt: skip
        return [part for part in gradients if part is not None]

    def _draw(self, rows: Tensor, by_row: Mapping[int, list[Prompt]], count: int) -> list[tuple[int, Prompt]]:
        """(place in the batch, prompt), always `count` of them: few distinct shapes are fast."""
        available = [(place, by_row[row]) for place, row in enumerate(rows.tolist()) if row in by_row]
        if not available:
            return []
        return [(place, self.chance.choice(prompts)) for place, prompts in self.chance.choices(available, k=count)]

    def _divergence(
        self, logits: Callable[[Tensor, list[Prompt]], Tensor], seen: Tensor, rows: Tensor, drawn: list[tuple[int, Prompt]]
    ) -> Tensor:
        """-> [words]."""
        at, prompts = torch.tensor([place for place, _ in drawn]), [prompt for _, prompt in drawn]
        with torch.no_grad():
            target = logits(self.target[rows[at]].float(), prompts).log_softmax(-1)
        return F.kl_div(logits(seen[at], prompts).log_softmax(-1), target, log_target=True, reduction="none").sum(-1)

    def _label_logits(self, seen: Tensor, _: list[None]) -> Tensor:
        """-> logits [photos, classes]."""
        logits: Tensor = self.model.classifier(seen[:, 0])
        return logits

    def _answer_logits(self, seen: Tensor, pairs: list[QuestionAnswer]) -> Tensor:
        """-> logits [words, vocabulary] at the words of the answers."""
        questions, answers = (tokens.pad(list(part), [], counts=1) for part in zip(*pairs, strict=True))
        logits = self.model.vqa.logits(self.model.vqa.adapter(seen), questions, answers)
        return logits[answers[:, 1:] != 0].float()

    def _caption_logits(self, seen: Tensor, captions: list[Ids]) -> Tensor:
        """-> logits [words, vocabulary] at the words of the captions."""
        ids = tokens.pad(captions, [], counts=1)
        logits = self.model.caption.logits(self.model.caption.adapter(seen), ids)
        return logits[ids[:, 1:] != 0].float()


def _fisher_gradients(
    tower: split.Tower, features: Tensor, k: int, head: Head[Prompt], rows: Sequence[int], chance: random.Random
) -> NDArray[np.float32] | None:
    """[n, T, D] at the given rows of `features`; None for no rows."""
    drawn = [(row, chance.choice(head.prompts[row])) for row in rows]
    noise, gradients = torch.Generator().manual_seed(0), []
    for at in range(0, len(drawn), BATCH):
        part = drawn[at : at + BATCH]
        batch = features[[row for row, _ in part]].requires_grad_(True)
        log_p = head.logits(split.tail(tower, batch, k), [prompt for _, prompt in part]).log_softmax(-1)
        output = torch.multinomial(log_p.exp(), 1, generator=noise)
        gradients.append(torch.autograd.grad(log_p.gather(1, output).sum(), batch)[0])
    return torch.cat(gradients).numpy() if gradients else None
