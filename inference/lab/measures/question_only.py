"""The question-only baseline: accuracy without the photo, which any answer from a photo has to exceed.

The better of two models counts: the most frequent training answer to the same words, and a linear model over the question's
words and word pairs.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Sequence
from zlib import crc32

import torch
from torch import Tensor, nn

from inference.lab.data.questions import Question
from inference.lab.measures.score import words

BUCKETS, EPOCHS, BATCH = 8192, 4, 256


class MostFrequent:
    """The most frequent training answer to the longest known prefix of the question."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.by_prefix: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for question in questions:
            tokens = words(question.text)
            for length in range(len(tokens) + 1):
                self.by_prefix[tuple(tokens[:length])][question.answer] += 1

    def __call__(self, text: str) -> str:
        tokens = words(text)
        prefix = next(tuple(tokens[:n]) for n in range(len(tokens), -1, -1) if tuple(tokens[:n]) in self.by_prefix)
        return self.by_prefix[prefix].most_common(1)[0][0]


class Linear:
    """Softmax over the training answers from hashed words and word pairs."""

    def __init__(self, questions: Sequence[Question], seed: int = 0) -> None:
        self.answers = sorted({question.answer for question in questions})
        place = {answer: number for number, answer in enumerate(self.answers)}
        noise = torch.Generator().manual_seed(seed)
        self.weights = nn.EmbeddingBag(BUCKETS, len(self.answers), mode="mean")
        nn.init.zeros_(self.weights.weight)
        bags, targets = (
            [_bag(question.text) for question in questions],
            torch.tensor([place[question.answer] for question in questions]),
        )
        optimiser = torch.optim.Adam(self.weights.parameters(), lr=0.05)
        for _ in range(EPOCHS):
            for rows in torch.randperm(len(bags), generator=noise).split(BATCH):
                loss = nn.functional.cross_entropy(self._logits([bags[row] for row in rows.tolist()]), targets[rows])
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()

    def _logits(self, bags: Sequence[list[int]]) -> Tensor:
        starts = torch.tensor([0, *map(len, bags)]).cumsum(0)[:-1]
        logits: Tensor = self.weights(torch.tensor([bucket for bag in bags for bucket in bag]), starts)
        return logits

    @torch.no_grad()
    def __call__(self, text: str) -> str:
        return self.answers[int(self._logits([_bag(text)]).argmax())]


def _bag(text: str) -> list[int]:
    tokens = ["^", *words(text)]
    return [crc32(" ".join(gram).encode()) % BUCKETS for gram in [*((t,) for t in tokens), *itertools.pairwise(tokens)]]


def accuracy(training: Sequence[Question], questions: Sequence[Question]) -> float:
    """Share of `questions` that the better of the two answers correctly."""
    baselines = (MostFrequent(training), Linear(training))
    return max(sum(baseline(q.text) == q.answer for q in questions) / max(len(questions), 1) for baseline in baselines)
