"""Confidence that means something: one temperature per task (Guo et al. 2017) and the bound below which to say "not sure".

Fitted on held-out photos that no figure is reported for, with one exception, which the card states: Imagenette has no
third split, so half of its validation photos serve here. A temperature cannot change which class comes first.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import BertTokenizerFast

from inference.lab.measures import decode, measure
from inference.lab.tower.shape import Compact

GRID = torch.linspace(0.4, 3.0, 66)
DOUBTED_CAPTIONS = 0.15  # a caption has no right or wrong to learn the bound from: the least sure 15 % count as unsure


def temperature(logits: Tensor, wanted: Tensor) -> float:
    """The temperature under which the right tokens are likeliest. logits [n, classes], wanted [n]."""
    losses = [float(F.cross_entropy(logits / t, wanted)) for t in GRID]
    return round(float(GRID[int(np.argmin(losses))]), 3)


def bound(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Where being above it tells right from wrong best (Youden's J)."""
    sure, hit = np.array(confidence), np.array(right, bool)
    tried = np.unique(np.quantile(sure, np.linspace(0, 0.95, 96)))
    gain = [(sure[hit] >= t).mean() - (sure[~hit] >= t).mean() if hit.any() and not hit.all() else 0.0 for t in tried]
    return round(float(tried[int(np.argmax(gain))]), 3)


def calibrate(model: Compact, tokenizer: BertTokenizerFast, held: measure.Held) -> dict[str, dict[str, Any]]:
    return {
        "classify": _classify(model, held),
        "caption": _caption(model, tokenizer, held),
        "vqa": _answer(model, tokenizer, held),
    }


@torch.inference_mode()
def _classify(model: Compact, held: measure.Held) -> dict[str, Any]:
    rows = held.labelled()[::2]
    logits = model.classify.classifier(decode.see(model, held.pixels([name for name, _ in rows]))[:, 0])
    wanted = torch.tensor([label for _, label in rows])
    fitted = temperature(logits, wanted)
    best = (logits / fitted).softmax(1).max(1)
    return {"temperature": fitted, "unsure_below": bound(best.values.tolist(), (best.indices == wanted).tolist())}


def _caption(model: Compact, tokenizer: BertTokenizerFast, held: measure.Held) -> dict[str, Any]:
    rows = held.captions("dev")[:400]
    seen = decode.see(model, held.pixels([name for name, _ in rows]))
    fitted = temperature(*decode.caption_log_p(model, tokenizer, seen, [texts[0] for _, texts in rows]))
    said = decode.captions(model, tokenizer, seen)
    sure = []
    for row, text in zip(seen, said, strict=True):
        logits, wanted = decode.caption_log_p(model, tokenizer, row[None], [text])
        sure.append(float((logits / fitted).log_softmax(-1).gather(1, wanted[:, None]).mean().exp()))
    return {"temperature": fitted, "unsure_below": round(float(np.quantile(sure, DOUBTED_CAPTIONS)), 3)}


def _answer(model: Compact, tokenizer: BertTokenizerFast, held: measure.Held) -> dict[str, Any]:
    asked = [("flickr8k", q) for q in held.made("dev")[:1200]] + [("daquar", q) for q in held.daquar("val")[:300]]
    names = sorted({f"{source}/images/{q.photo}" for source, q in asked})
    all_seen, place = decode.see(model, held.pixels(names)), {name: number for number, name in enumerate(names)}
    seen = all_seen[[place[f"{source}/images/{q.photo}"] for source, q in asked]]
    texts = [q.text for _, q in asked]
    parts = [decode.answer_log_p(model, tokenizer, seen[at : at + 100], texts[at : at + 100], [q.answer for _, q in asked[at : at + 100]])
             for at in range(0, len(asked), 100)]  # fmt: skip
    fitted = temperature(torch.cat([logits for logits, _ in parts]), torch.cat([wanted for _, wanted in parts]))
    said = decode.answers(model, tokenizer, seen, texts, fitted)
    right = [measure.plain(one.text) == measure.plain(q.answer) for one, (_, q) in zip(said, asked, strict=True)]
    return {"temperature": fitted, "unsure_below": bound([one.product for one in said], right)}
