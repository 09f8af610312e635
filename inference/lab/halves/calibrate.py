"""One temperature per task (Guo et al. 2017). What a probability is worth as a confidence, `lab.measures.confidence` fits.

Fitted on held-out photos that no figure is reported for, with one exception, which the card states: Imagenette has no third
split, so half of its validation photos are used here. A temperature does not change the top-1 class.
"""

from typing import TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F
from transformers import BertTokenizerFast

from inference.lab.halves.shape import Compact
from inference.lab.measures import decode, measure

GRID = torch.linspace(0.4, 3.0, 66)


class Calibration(TypedDict):
    temperature: float


def temperature(logits: Tensor, targets: Tensor) -> float:
    """The temperature of least cross-entropy. logits [n, classes], targets [n]."""
    losses = [float(F.cross_entropy(logits / t, targets)) for t in GRID]
    return round(float(GRID[int(np.argmin(losses))]), 3)


def calibrate(model: Compact, tokenizer: BertTokenizerFast, photos: measure.HeldOut) -> dict[str, Calibration]:
    return {
        "classify": _classify(model, photos),
        "caption": _caption(model, tokenizer, photos),
        "vqa": _answer(model, tokenizer, photos),
    }


@torch.inference_mode()
def _classify(model: Compact, photos: measure.HeldOut) -> Calibration:
    rows = photos.labelled()[::2]
    logits = model.classifier(decode.vision_tokens(model, photos.pixels([name for name, _ in rows]))[:, 0])
    targets = torch.tensor([label for _, label in rows])
    return {"temperature": temperature(logits, targets)}


def _caption(model: Compact, tokenizer: BertTokenizerFast, photos: measure.HeldOut) -> Calibration:
    rows = photos.captions("dev")[:400]
    seen = decode.vision_tokens(model, photos.pixels([name for name, _ in rows]))
    return {"temperature": temperature(*decode.caption_logits(model.caption, tokenizer, seen, [texts[0] for _, texts in rows]))}


def _answer(model: Compact, tokenizer: BertTokenizerFast, photos: measure.HeldOut) -> Calibration:
    generated = [("flickr8k", question) for question in photos.generated_questions("dev")[:1200]]
    questions = generated + [("daquar", question) for question in photos.daquar_questions("val")[:300]]
    names = sorted({f"{source}/images/{q.photo}" for source, q in questions})
    all_tokens, place = decode.vision_tokens(model, photos.pixels(names)), {name: number for number, name in enumerate(names)}
    seen = all_tokens[[place[f"{source}/images/{q.photo}"] for source, q in questions]]
    texts = [q.text for _, q in questions]
    parts = [
        decode.answer_logits(
            model.vqa, tokenizer, seen[at : at + 100], texts[at : at + 100], [q.answer for _, q in questions[at : at + 100]]
        )
        for at in range(0, len(questions), 100)
    ]
    return {
        "temperature": temperature(torch.cat([logits for logits, _ in parts]), torch.cat([targets for _, targets in parts]))
    }
