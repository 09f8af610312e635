"""Captions of the Flickr8k test photos with intervals: 95 % of a bootstrap over photos."""

from typing import TypedDict

import numpy as np
from transformers import BertTokenizerFast

from bench.rate_accuracy.stats import Bootstrap, Outcome, bleu_counts, interval
from inference.lab.halves.shape import Compact
from inference.lab.measures import decode, score
from inference.lab.measures.measure import HeldOut


class CaptionFigures(TypedDict):
    flickr8k_bleu4: float
    flickr8k_bleu4_ci: list[float]
    flickr8k_cider: float
    flickr8k_cider_ci: list[float]
    flickr8k_n: int
    captions_distinct: int


def measure(model: Compact, tokenizer: BertTokenizerFast, photos: HeldOut) -> CaptionFigures:
    rows = photos.captions("test")
    captions = decode.captions(model.caption, tokenizer, decode.vision_tokens(model, photos.pixels([name for name, _ in rows])))
    return figures(captions, [references for _, references in rows])


def figures(captions: list[str], references: list[list[str]]) -> CaptionFigures:
    n = len(captions)
    bootstrap, none = Bootstrap(np.arange(n)), np.zeros(n)
    cider_of = score.Cider(references)
    each = [cider_of(text, photo) for photo, text in enumerate(captions)]
    ciders = np.stack([np.array(each), np.ones(n)], 1)  # a sum and a count, as of hits
    bleu = bootstrap.accuracies(Outcome(bleu_counts(captions, references), none))
    cider = bootstrap.accuracies(Outcome(ciders, none))
    return {
        "flickr8k_bleu4": round(float(bleu[0]), 4),
        "flickr8k_bleu4_ci": interval(bleu),
        "flickr8k_cider": round(float(cider[0]), 4),
        "flickr8k_cider_ci": interval(cider),
        "flickr8k_n": n,
        "captions_distinct": len(set(captions)),
    }
