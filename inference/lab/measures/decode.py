"""Batched answers and captions for evaluation. The product answers single photos through `inference.engine`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import BertTokenizerFast

from inference.lab.data import crops, tokens
from inference.lab.halves.bundle import BEAMS, LONGEST_ANSWER, LONGEST_CAPTION
from inference.lab.halves.shape import Answerer, Captioner, Compact

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
        return torch.cat([model.tokens(crops.batch(pixels[at : at + BATCH])) for at in range(0, len(pixels), BATCH)])


@torch.inference_mode()
def answers(
    model: Answerer, tokenizer: BertTokenizerFast, seen: Tensor, questions: Sequence[str], temperature: float = 1.0
) -> list[GeneratedText]:
    """Greedy decoding. seen [N, T, WIDTH]: the vision tokens, one row per question."""
    start, end, first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])
    generated: dict[int, GeneratedText] = {}
    for at in range(0, len(questions), BATCH):
        asked = tokens.pad([[first, *row, end] for row in tokens.ids(tokenizer, questions[at : at + BATCH])], [first], counts=1)
        adapted = model.adapter(seen[at : at + BATCH])
        for rows, group in model.by_length(asked):
            ids, log_p = _greedy(model, model.read(adapted[rows], group), start, end, temperature)
            texts = _texts(tokenizer, ids, log_p, end)
            generated |= {at + row: text for row, text in zip(rows.tolist(), texts, strict=True)}
    return [generated[row] for row in range(len(questions))]


def _greedy(model: Answerer, encoded: Tensor, start: int, end: int, temperature: float) -> tuple[Tensor, Tensor]:
    """encoded [B, Q, WIDTH] -> token ids [B, L] and their log-probabilities [B, L]."""
    ids, log_p = torch.full((len(encoded), 1), start), []
    for _ in range(LONGEST_ANSWER):
        logits = model.answer(ids, encoder_hidden_states=encoded, use_cache=False).logits[:, -1]
        best = (logits / temperature).log_softmax(-1).max(-1)
        log_p.append(best.values)
        ids = torch.cat([ids, best.indices[:, None]], 1)
        if (ids == end).any(1).all():
            break
    return ids[:, 1:], torch.stack(log_p, 1)


@torch.inference_mode()
def captions(model: Captioner, tokenizer: BertTokenizerFast, seen: Tensor) -> list[str]:
    """Beam search. seen [N, T, WIDTH]: the vision tokens."""
    start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
    texts: list[str] = []
    for rows in seen.split(BATCH):
        ids = model.decoder.generate(
            torch.full((len(rows), 1), start),
            encoder_hidden_states=model.adapter(rows),
            num_beams=BEAMS,
            max_new_tokens=LONGEST_CAPTION,
            no_repeat_ngram_size=3,
            eos_token_id=end,
            pad_token_id=0,
        )
        texts += [text.strip() for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]
    return texts


@torch.inference_mode()
def caption_logits(model: Captioner, tokenizer: BertTokenizerFast, seen: Tensor, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Teacher forcing: logits [n, V] at every token of the texts, and those tokens [n]. A temperature is fitted to them."""
    start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
    ids = tokens.pad([[start, *row, end] for row in tokens.ids(tokenizer, texts)], [start], counts=1)
    real = ids[:, 1:] != 0
    return model.logits(model.adapter(seen), ids)[real], ids[:, 1:][real]


@torch.inference_mode()
def answer_logits(
    model: Answerer, tokenizer: BertTokenizerFast, seen: Tensor, questions: Sequence[str], texts: Sequence[str]
) -> tuple[Tensor, Tensor]:
    """The same for answers `texts` to questions."""
    start, end, first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])
    question_ids = tokens.pad([[first, *row, end] for row in tokens.ids(tokenizer, questions)], [first], counts=1)
    ids = tokens.pad([[start, *row, end] for row in tokens.ids(tokenizer, texts)], [start], counts=1)
    real = ids[:, 1:] != 0
    return model.logits(model.adapter(seen), question_ids, ids)[real], ids[:, 1:][real]


def _texts(tokenizer: BertTokenizerFast, ids: Tensor, log_p: Tensor, end: int) -> list[GeneratedText]:
    """ids, log_p [N, L]: tokens up to the first `end` count."""
    generated = []
    for row, chances in zip(ids.tolist(), log_p.tolist(), strict=True):
        stop = row.index(end) if end in row else len(row) - 1
        text = tokenizer.decode([token for token in row[: stop + 1] if token != end], skip_special_tokens=True)
        generated.append(GeneratedText(text.strip(), tuple(chances[: stop + 1])))
    return generated
