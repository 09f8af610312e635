"""Batched answers and captions for evaluation. The product answers single photos through `inference.engine`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import BertTokenizerFast

from inference.lab.data import crops, tokens
from inference.lab.tower.bundle import BEAMS, LONGEST_ANSWER, LONGEST_CAPTION
from inference.lab.tower.shape import Compact

BATCH = 50


@dataclass(frozen=True)
class GeneratedText:
    """A text with the log-probability of each of its tokens, the end token included, at the temperature used."""

    text: str
    log_p: tuple[float, ...]

    @property
    def product(self) -> float:
        """Confidence of an answer: the probability of exactly this text."""
        return float(torch.tensor(self.log_p).sum().exp())

    @property
    def mean(self) -> float:
        """Confidence of a caption: the geometric mean per token, so that length does not lower it."""
        return float(torch.tensor(self.log_p).mean().exp())


def vision_tokens(model: Compact, pixels: NDArray[np.uint8]) -> Tensor:
    """uint8 [N, S, S, 3] -> the tower's tokens [N, T, WIDTH], class token first."""
    with torch.inference_mode():
        parts = torch.from_numpy(pixels).permute(0, 3, 1, 2).split(BATCH)
        return torch.cat([model.tokens(crops.normalise(part)) for part in parts])


@torch.inference_mode()
def answers(
    model: Compact, tokenizer: BertTokenizerFast, seen: Tensor, questions: Sequence[str], temperature: float = 1.0
) -> list[GeneratedText]:
    """Greedy decoding. seen [N, T, WIDTH]: the vision tokens, one row per question."""
    start, end, first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])
    generated: list[GeneratedText] = []
    for rows, part in _batches(seen, questions):
        question_ids = tokens.pad([[first, *row, end] for row in tokens.ids(tokenizer, part)], [first], counts=1)
        encoded, mask = model.read(rows, question_ids), (question_ids != 0).long()
        ids = torch.full((len(part), 1), start)
        log_p: list[Tensor] = []
        for _ in range(LONGEST_ANSWER):
            logits = model.answer(
                ids, encoder_hidden_states=encoded, encoder_attention_mask=mask, use_cache=False
            ).logits[:, -1]  # fmt: skip
            best = (logits / temperature).log_softmax(-1).max(-1)
            log_p.append(best.values)
            ids = torch.cat([ids, best.indices[:, None]], 1)
            if (ids == end).any(1).all():
                break
        generated += _texts(tokenizer, ids[:, 1:], torch.stack(log_p, 1), end)
    return generated


@torch.inference_mode()
def captions(model: Compact, tokenizer: BertTokenizerFast, seen: Tensor) -> list[str]:
    """Beam search. seen [N, T, WIDTH]: the vision tokens."""
    start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
    texts: list[str] = []
    for rows in seen.split(BATCH):
        ids = model.caption.generate(
            torch.full((len(rows), 1), start),
            encoder_hidden_states=rows,
            num_beams=BEAMS,
            max_new_tokens=LONGEST_CAPTION,
            no_repeat_ngram_size=3,
            eos_token_id=end,
            pad_token_id=0,
        )
        texts += [text.strip() for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]
    return texts


@torch.inference_mode()
def caption_logits(model: Compact, tokenizer: BertTokenizerFast, seen: Tensor, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Teacher forcing: logits [n, V] at every token of the texts, and those tokens [n]. A temperature is fitted to them."""
    start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
    ids = tokens.pad([[start, *row, end] for row in tokens.ids(tokenizer, texts)], [start], counts=1)
    logits = model.caption(ids[:, :-1], encoder_hidden_states=seen, use_cache=False).logits
    real = ids[:, 1:] != 0
    return logits[real], ids[:, 1:][real]


@torch.inference_mode()
def answer_logits(
    model: Compact, tokenizer: BertTokenizerFast, seen: Tensor, questions: Sequence[str], texts: Sequence[str]
) -> tuple[Tensor, Tensor]:
    """The same for answers `texts` to questions."""
    start, end, first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])
    question_ids = tokens.pad([[first, *row, end] for row in tokens.ids(tokenizer, questions)], [first], counts=1)
    ids = tokens.pad([[start, *row, end] for row in tokens.ids(tokenizer, texts)], [start], counts=1)
    logits = model.answer(ids[:, :-1], encoder_hidden_states=model.read(seen, question_ids),
                          encoder_attention_mask=(question_ids != 0).long(), use_cache=False).logits  # fmt: skip
    real = ids[:, 1:] != 0
    return logits[real], ids[:, 1:][real]


def _batches(seen: Tensor, texts: Sequence[str]) -> Iterator[tuple[Tensor, Sequence[str]]]:
    for at in range(0, len(texts), BATCH):
        yield seen[at : at + BATCH], texts[at : at + BATCH]


def _texts(tokenizer: BertTokenizerFast, ids: Tensor, log_p: Tensor, end: int) -> list[GeneratedText]:
    """ids, log_p [N, L]: tokens up to the first `end` count."""
    generated = []
    for row, chances in zip(ids.tolist(), log_p.tolist(), strict=True):
        stop = row.index(end) if end in row else len(row) - 1
        text = tokenizer.decode([token for token in row[: stop + 1] if token != end], skip_special_tokens=True)
        generated.append(GeneratedText(text.strip(), tuple(chances[: stop + 1])))
    return generated
