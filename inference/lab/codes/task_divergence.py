"""How far apart what the tasks say of a decoded photo is from what they say of the untouched one, in nats of divergence.

The tower's tokens being near is not enough: class tokens that are near may still carry another name, and an answer may hang on
one place. So a code learns from what the tails say, too: the names, the answers to questions and the words of captions, each
against what the same tail says of the untouched features. Nobody's labels are needed for that; prompts only tell which question
to ask and which words to follow.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from transformers import BertTokenizerFast

from inference.engine import split
from inference.lab.data import texts as language
from inference.lab.data import tokens
from inference.lab.tower.shape import Compact

Apart = Callable[[Tensor, Tensor], Tensor]  # the tower's output [B, T, D] and which photos [B] they are -> nats
WEIGHTS = 9.0, 18.0, 9.0  # of names, answers and captions: so that each weighs about as much as the tokens' error at 128 bytes
ASKED, DESCRIBED = 16, 8  # questions and captions in a step, of the photos in it that have some
PROBED, AT_ONCE = 1500, 20  # photos whose gradients tell where bits belong
Ids = list[int]
Text = TypeVar("Text")
Say = Callable[[Tensor, list[Any]], Tensor]  # the tower's output [n, T, D] and n texts -> logits of what is said


def names(classifier: Callable[[Tensor], Tensor], wanted: Tensor) -> Apart:
    """Of the names alone. wanted [N, T, D]: the tower's output on the untouched features."""
    told = torch.cat([classifier(part).log_softmax(-1) for part in wanted[:, 0].split(500)])

    def apart(seen: Tensor, rows: Tensor) -> Tensor:
        return F.kl_div(classifier(seen[:, 0]).log_softmax(-1), told[rows], log_target=True, reduction="batchmean")

    return apart


def coarse() -> torch.autocast:
    """For what stands still: half the digits, and a third less time on a processor that has them."""
    return torch.autocast("cpu", torch.bfloat16)


@dataclass(frozen=True)
class Prompts:
    """By row: captions, and questions with their answers, as token ids between their marks, as the text halves read them."""

    captions: dict[int, list[Ids]]
    pairs: dict[int, list[tuple[Ids, Ids]]]

    @classmethod
    def read(cls, root: Path, tokenizer: BertTokenizerFast, photos: Sequence[str], mirrored: Sequence[bool]) -> "Prompts":
        """Of training photos by name; a mirrored one is asked with left and right exchanged."""
        start, end, first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])
        place = {name: row for row, name in enumerate(photos)}
        said = [(place[name], text) for name, text in language.training_captions(root) if name in place]
        asked = [(name, question) for name, question in language.training_questions(root) if name in place]
        captions: dict[int, list[Ids]] = defaultdict(list)
        for (row, _), ids in zip(said, tokens.ids(tokenizer, [text for _, text in said]), strict=True):
            captions[row].append([start, *ids, end])
        plain, turned = (language.by_row(place, asked, tokenizer, mirrored=way) for way in (False, True))
        pairs = {
            row: [
                ([first, *question, end], [start, *answer, end])
                for question, answer in (turned if mirrored[row] else plain)[row]
            ]
            for row in plain
        }
        return cls(dict(captions), pairs)


class Tails:
    """Of all three tasks together. wanted [N, T, D]: the tower's output on the untouched features, a row for each of the prompts'."""

    def __init__(self, model: Compact, prompts: Prompts, wanted: Tensor) -> None:
        self.model, self.prompts, self.wanted = model, prompts, wanted
        self.named = names(model.classify.classifier, wanted)
        self.chance = random.Random(0)

    def __call__(self, seen: Tensor, rows: Tensor) -> Tensor:
        """Weighted nats per photo of its names, per question of its answer, per word of a caption."""
        of_names, of_answers, of_captions = WEIGHTS
        found = of_names * self.named(seen, rows)
        if asked := self._drawn(rows, self.prompts.pairs, ASKED):
            found = found + of_answers * self._apart(self._answers, seen, rows, asked).sum() / len(asked)
        if said := self._drawn(rows, self.prompts.captions, DESCRIBED):
            found = found + of_captions * self._apart(self._captions, seen, rows, said).mean()
        return found

    def gradients(self, tower: split.Tower, given: Tensor, k: int) -> list[NDArray[np.float32]]:
        """For names, answers and captions each, [n, T, D] at features given [N, T, D]: of the log-probability of what the tail
        might say, drawn as it says it. Their second moment is the Fisher information: how much the saying changes with the features."""
        chance = random.Random(0)
        first_piece: dict[int, list[Any]] = {row: [(q, a[:2]) for q, a in pairs] for row, pairs in self.prompts.pairs.items()}
        texts: list[tuple[Say, dict[int, list[Any]]]] = [
            (self._names, {row: [None] for row in range(len(given))}),
            (self._answers, first_piece),
            (self._captions, {**self.prompts.captions}),
        ]
        drawn = [(say, by_row, chance.sample(sorted(by_row), min(PROBED, len(by_row)))) for say, by_row in texts if by_row]
        return [
            _gradients(tower, given, k, say, [(row, chance.choice(by_row[row])) for row in rows]) for say, by_row, rows in drawn
        ]

    def _drawn(self, rows: Tensor, by_row: dict[int, list[Text]], count: int) -> list[tuple[int, Text]]:
        """(place in the step, text), as many each time: few distinct shapes are fast."""
        have = [(place, by_row[row]) for place, row in enumerate(rows.tolist()) if row in by_row]
        return [(place, self.chance.choice(texts)) for place, texts in self.chance.choices(have, k=count)] if have else []

    def _apart(self, say: Say, seen: Tensor, rows: Tensor, drawn: list[tuple[int, Any]]) -> Tensor:
        """-> [words]."""
        at, texts = torch.tensor([place for place, _ in drawn]), [text for _, text in drawn]
        with torch.no_grad():
            wanted = say(self.wanted[rows[at]], texts).log_softmax(-1)
        return F.kl_div(say(seen[at], texts).log_softmax(-1), wanted, log_target=True, reduction="none").sum(-1)

    def _names(self, seen: Tensor, _: list[Any]) -> Tensor:
        """-> logits [photos, names]."""
        logits: Tensor = self.model.classify.classifier(seen[:, 0])
        return logits

    def _answers(self, seen: Tensor, pairs: list[tuple[Ids, Ids]]) -> Tensor:
        """-> logits [words, vocabulary] where the answers have words."""
        questions, answers = (tokens.pad(list(part), [], counts=1) for part in zip(*pairs, strict=True))
        with coarse():
            logits: Tensor = self.model.answer(answers[:, :-1], encoder_hidden_states=self.model.read(seen, questions),
                                               encoder_attention_mask=(questions != 0).long(), use_cache=False).logits  # fmt: skip
        return logits[answers[:, 1:] != 0].float()

    def _captions(self, seen: Tensor, captions: list[Ids]) -> Tensor:
        """-> logits [words, vocabulary]."""
        ids = tokens.pad(captions, [], counts=1)
        with coarse():
            logits: Tensor = self.model.caption(ids[:, :-1], encoder_hidden_states=seen, use_cache=False).logits
        return logits[ids[:, 1:] != 0].float()


def _gradients(tower: split.Tower, given: Tensor, k: int, say: Say, asked: list[tuple[int, Any]]) -> NDArray[np.float32]:
    """asked: rows of `given`, and of each what is asked or followed."""
    noise, found = torch.Generator().manual_seed(0), []
    for at in range(0, len(asked), AT_ONCE):
        rows, texts = zip(*asked[at : at + AT_ONCE], strict=True)
        features = given[list(rows)].requires_grad_(True)
        chances = say(split.tail(tower, features, k), list(texts)).log_softmax(-1)
        chosen = torch.multinomial(chances.exp(), 1, generator=noise)
        found.append(torch.autograd.grad(chances.gather(1, chosen).sum(), features)[0])
    return torch.cat(found).numpy()
