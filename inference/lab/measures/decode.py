"""Answers and captions of many photos at once, for measuring. The product asks one at a time through `inference.engine`."""

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

AT_ONCE = 50


@dataclass(frozen=True)
class Said:
    """A text and the log probability of each of its tokens, the end included, at the temperature asked for."""

    text: str
    log_p: tuple[float, ...]

    @property
    def product(self) -> float:
        """Confidence of an answer: the probability of exactly this text."""
        return float(torch.tensor(self.log_p).sum().exp())

    @property
    def mean(self) -> float:
        """Confidence of a caption: the geometric mean per token, so that a long one is not doubted for its length."""
        return float(torch.tensor(self.log_p).mean().exp())


def see(model: Compact, pixels: NDArray[np.uint8]) -> Tensor:
    """uint8 [N, S, S, 3] -> tokens [N, 1 + patches, WIDTH]."""
    with torch.inference_mode():
        parts = torch.from_numpy(pixels).permute(0, 3, 1, 2).split(AT_ONCE)
        return torch.cat([model.tokens(crops.normalise(part)) for part in parts])


@torch.inference_mode()
def answers(
    model: Compact, tokenizer: BertTokenizerFast, seen: Tensor, texts: Sequence[str], temperature: float = 1.0
) -> list[Said]:
    """seen [N, T, WIDTH], one row per question -> the most probable token at each place, until the end."""
    start, end, first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])
    found: list[Said] = []
    for rows, part in _parts(seen, texts):
        asked = tokens.pad([[first, *ids, end] for ids in tokens.ids(tokenizer, part)], [first], counts=1)
        read, mask = model.read(rows, asked), (asked != 0).long()
        ids = torch.full((len(part), 1), start)
        log_p: list[Tensor] = []
        for _ in range(LONGEST_ANSWER):
            logits = model.answer(ids, encoder_hidden_states=read, encoder_attention_mask=mask, use_cache=False).logits[:, -1]
            best = (logits / temperature).log_softmax(-1).max(-1)
            log_p.append(best.values)
            ids = torch.cat([ids, best.indices[:, None]], 1)
            if (ids == end).any(1).all():
                break
        found += _read(tokenizer, ids[:, 1:], torch.stack(log_p, 1), end)
    return found


@torch.inference_mode()
def captions(model: Compact, tokenizer: BertTokenizerFast, seen: Tensor) -> list[str]:
    start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
    found: list[str] = []
    for rows in seen.split(AT_ONCE):
        ids = model.caption.generate(torch.full((len(rows), 1), start), encoder_hidden_states=rows, num_beams=BEAMS,
                                     max_new_tokens=LONGEST_CAPTION, no_repeat_ngram_size=3, eos_token_id=end, pad_token_id=0)  # fmt: skip
        found += [text.strip() for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]
    return found


@torch.inference_mode()
def caption_log_p(model: Compact, tokenizer: BertTokenizerFast, seen: Tensor, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Logits [n, V] and the tokens [n] that the texts have there: what a temperature is fitted on."""
    start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
    ids = tokens.pad([[start, *row, end] for row in tokens.ids(tokenizer, texts)], [start], counts=1)
    logits = model.caption(ids[:, :-1], encoder_hidden_states=seen, use_cache=False).logits
    told = ids[:, 1:] != 0
    return logits[told], ids[:, 1:][told]


@torch.inference_mode()
def answer_log_p(
    model: Compact, tokenizer: BertTokenizerFast, seen: Tensor, asked: Sequence[str], texts: Sequence[str]
) -> tuple[Tensor, Tensor]:
    """The same for answers."""
    start, end, first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])
    questions = tokens.pad([[first, *row, end] for row in tokens.ids(tokenizer, asked)], [first], counts=1)
    ids = tokens.pad([[start, *row, end] for row in tokens.ids(tokenizer, texts)], [start], counts=1)
    logits = model.answer(ids[:, :-1], encoder_hidden_states=model.read(seen, questions), encoder_attention_mask=(questions != 0).long(),
                          use_cache=False).logits  # fmt: skip
    told = ids[:, 1:] != 0
    return logits[told], ids[:, 1:][told]


def _parts(seen: Tensor, texts: Sequence[str]) -> Iterator[tuple[Tensor, Sequence[str]]]:
    for at in range(0, len(texts), AT_ONCE):
        yield seen[at : at + AT_ONCE], texts[at : at + AT_ONCE]


def _read(tokenizer: BertTokenizerFast, ids: Tensor, log_p: Tensor, end: int) -> list[Said]:
    found = []
    for row, chances in zip(ids.tolist(), log_p.tolist(), strict=True):
        stop = row.index(end) if end in row else len(row) - 1
        text = tokenizer.decode([token for token in row[: stop + 1] if token != end], skip_special_tokens=True)
        found.append(Said(text.strip(), tuple(chances[: stop + 1])))
    return found
