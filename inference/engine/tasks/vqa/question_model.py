"""BLIP's question encoder with cross-attention to the tower's tokens, then its answer decoder (Li et al. 2022), asked about
several photos at once. No torch."""

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from inference.engine.engines.networks import Array, Ids, State, TextNetwork
from inference.engine.engines.part import Trace
from inference.engine.text import search
from inference.engine.text.search import Limits, Scores, Table
from inference.engine.text.tokens import Vocabulary

# Tokens of the answers that are weighed in one call. More are no cheaper each, and their logits leave a processor's caches.
MOST_TOKENS = 512


@dataclass(frozen=True)
class Weigh:
    """Asks for the log-probability of each text as the answer, [texts]."""

    question: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Write:
    """Asks for the likeliest answer that begins with none of the tokens `suppressed`: its ids from the start token on, and its
    probability."""

    question: str
    suppressed: tuple[int, ...] = ()


Result = TypeVar("Result")
# Works out a result about one photo: it yields what it asks the model, and is sent the reply.
Inquiry = Generator[Weigh | Write, Any, Result]


class QuestionModel:
    def __init__(self, network: TextNetwork, vocabulary: Vocabulary, limits: Limits, temperature: float, longest: int) -> None:
        """`longest`: tokens of a question. Logits are divided by `temperature`."""
        self.network, self.vocabulary, self.limits = network, vocabulary, limits
        self.temperature, self.longest = temperature, longest

    def results(self, tokens: Array, inquiries: Sequence[Inquiry[Result]]) -> list[Result]:
        """The tower's tokens [M, T, W], and an inquiry about each photo -> its results. What they ask at the same time is
        computed together."""
        contexts, results, replies = self.network.adapt(tokens), dict[int, Result](), dict[int, Any]()
        unfinished = list(range(len(inquiries)))
        while unfinished:
            requests = dict[int, Weigh | Write]()
            for m in unfinished:
                try:
                    requests[m] = inquiries[m].send(replies.get(m))
                except StopIteration as end:
                    results[m] = end.value
            replies, unfinished = dict(self._replies(contexts, requests)), list(requests)
        return [results[m] for m in range(len(inquiries))]

    def weigh(self, contexts: Array, request: Weigh) -> Scores:
        """One request about several contexts [M, C, D] -> [M, texts]."""
        return self._weigh(contexts, [request.question] * len(contexts), [self._table(request.texts)] * len(contexts))

    def trace(self, tokens: Array, question: str, ids: Sequence[int] | None) -> Trace:
        """The tower's tokens [1, T, W] -> the likeliest answer, or `ids`, and the logits along it."""
        memory, mask = self._read(self.network.adapt(tokens), [question])
        if ids is None:
            text = search.Greedy(self.limits)
            search.run(self.network, memory, mask, [text])
            return Trace(text.ids, np.stack(text.logits))
        logits, _ = self.network.step(np.array([[ids[:-1]]]), memory, mask, None)
        return Trace(list(ids), logits[0, 0])

    def write(self, contexts: Array, requests: Sequence[Write]) -> list[tuple[list[int], float]]:
        memory, mask = self._read(contexts, [request.question for request in requests])
        searches = [search.Greedy(self.limits, request.suppressed) for request in requests]
        search.run(self.network, memory, mask, searches)
        return [(text.ids, self._probability(text)) for text in searches]

    def _probability(self, text: search.Greedy) -> float:
        logits = np.stack(text.logits) / np.float32(self.temperature)
        return float(np.exp(search.log_probabilities(logits, np.array(text.ids[1:])).sum()))

    def _replies(self, contexts: Array, requests: Mapping[int, Weigh | Write]) -> Iterator[tuple[int, Any]]:
        """By photo."""
        writes = {m: request for m, request in requests.items() if isinstance(request, Write)}
        if writes:
            yield from zip(writes, self.write(contexts[list(writes)], list(writes.values())), strict=True)
        tables = {m: self._table(request.texts) for m, request in requests.items() if isinstance(request, Weigh)}
        alike = defaultdict[tuple[int, ...], list[int]](list)
        for m, (ids, _) in tables.items():
            alike[ids.shape].append(m)
        for (texts, length), photos in alike.items():
            most = max(1, MOST_TOKENS // (texts * length))
            for part in (photos[at : at + most] for at in range(0, len(photos), most)):
                scores = self._weigh(contexts[part], [requests[m].question for m in part], [tables[m] for m in part])
                yield from zip(part, scores, strict=True)

    def _weigh(self, contexts: Array, questions: Sequence[str], tables: Sequence[Table]) -> Scores:
        """A question about each context [M, C, D], and its answers, in tables of one shape -> [M, texts]."""
        ids, inside = np.stack([ids for ids, _ in tables]), np.stack([inside for _, inside in tables])
        memory, mask = self._read(contexts, questions)
        logits, _ = self.network.step(ids[..., :-1], memory, mask, None)
        log_p = search.log_probabilities(logits / np.float32(self.temperature), ids[..., 1:])
        scores: Scores = np.sum(log_p, -1, where=inside[..., 1:])
        return scores

    def _read(self, contexts: Array, questions: Sequence[str]) -> tuple[State, Ids]:
        """What the decoder needs of each question in the light of its photo, and its mask [M, Q]."""
        prompts = [self.vocabulary.prompt(question, self.longest) for question in questions]
        ids, inside = search.table(prompts, self.limits.end)
        mask = inside.astype(np.int64)
        return self.network.prepare(self.network.encode(ids, mask, contexts)), mask

    def _table(self, texts: Sequence[str]) -> Table:
        """Answers as tokens, from the start token to the end token."""
        rows = [[self.limits.start, *self.vocabulary.ids(text), self.limits.end] for text in texts]
        return search.table(rows, self.limits.end)
