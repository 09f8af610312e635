"""Samples as padded tensors, and the vocabulary that the decoder writes from."""

from collections.abc import Sequence

import torch

from inference.lab.reader.bank import Bank
from inference.lab.reader.mixing import Sample
from inference.lab.reader.network import MOST_PIECES, MOST_TOKENS, Batch
from inference.planning.reader.plan_lines import is_mark, marks
from inference.planning.reader.words import TOKEN_PIECES, Pieces, words_of


def vocabulary(bank: Bank, known: Sequence[str] = ()) -> list[str]:
    """The marks, then every word of the bank's plans: what can be written, not only copied, can be written as it is spelt.
    `known`: the vocabulary of an earlier reader, which comes first."""
    lines = [form.line for form in bank.forms] + [
        line for message in [*bank.messages, *bank.conditions] for line in message.plan
    ]
    words = sorted({word for line in lines for word in words_of(line.question.rstrip("?"))})
    return [*known, *(word for word in words if word not in set(known))] if known else [*marks(), *words]


class Batcher:
    def __init__(self, pieces: Pieces, words: Sequence[str]) -> None:
        self.pieces = pieces
        self.numbers = {word: number for number, word in enumerate(words)}
        self.marks = {mark: number for number, mark in enumerate(marks(), 1)}

    def __call__(self, samples: Sequence[Sample]) -> Batch:
        rows = [self.pieces.sequence(sample.words, sample.start, MOST_PIECES) for sample in samples]
        longest, most = max(len(row.pieces) for row in rows), max(len(row.first) for row in rows)
        tokens = [sample.tokens[:MOST_TOKENS] for sample in samples]
        steps, count = max(map(len, tokens)), len(samples)
        batch = Batch(
            torch.zeros(count, longest, dtype=torch.long), torch.zeros(count, longest, dtype=torch.long),
            torch.zeros(count, longest, dtype=torch.bool), torch.zeros(count, most, dtype=torch.long),
            torch.zeros(count, most, dtype=torch.bool), torch.zeros(count, steps, TOKEN_PIECES, dtype=torch.long),
            torch.zeros(count, steps, TOKEN_PIECES), torch.zeros(count, steps, dtype=torch.long),
            torch.full((count, steps), -1, dtype=torch.long), torch.zeros(count, steps, most, dtype=torch.bool),
        )  # fmt: skip
        for n, (sample, row) in enumerate(zip(samples, rows, strict=True)):
            length = len(row.pieces)
            batch.pieces[n, :length], batch.is_message[n, :length] = torch.tensor(row.pieces), torch.tensor(row.is_message)
            batch.piece_mask[n, :length] = True
            batch.first_pieces[n, : len(row.first)], batch.word_mask[n, : len(row.first)] = torch.tensor(row.first), True
            self._write(batch, n, tokens[n], ["", *sample.meant[: len(row.first) - 1]])
        return batch

    def _write(self, batch: Batch, n: int, tokens: Sequence[str], meant: Sequence[str]) -> None:
        words = self.pieces.of([token for token in tokens if not is_mark(token)]) if any(not is_mark(t) for t in tokens) else []
        following = iter(words)
        for t, token in enumerate(tokens):
            batch.wanted[n, t] = self.numbers.get(token, -1)
            if not is_mark(token):
                batch.copied[n, t, : len(meant)] = torch.tensor([word == token for word in meant])
            pieces = [] if is_mark(token) else next(following)[:TOKEN_PIECES]
            if t + 1 == len(tokens):
                continue  # nothing is read after the last
            if is_mark(token):
                batch.token_marks[n, t + 1] = self.marks[token]
            else:
                batch.token_pieces[n, t + 1, : len(pieces)] = torch.tensor(pieces)
                batch.token_mask[n, t + 1, : len(pieces)] = 1 / len(pieces)
        batch.token_marks[n, 0] = self.marks["<end>"]  # what is read first
