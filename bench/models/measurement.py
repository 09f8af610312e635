"""Accuracy, latency and size of the bundled models."""

from pathlib import Path
from typing import Any

from transformers import BertTokenizerFast

from bench.models import captions
from bench.models.intervals import with_intervals
from inference.lab.data import photo_sets
from inference.lab.halves.shape import Compact
from inference.lab.measures import measure as lab

QUICK = 120  # photos per data set
WEIGHTS = Path("inference/engine/weights/compact")


def measure(model: Compact, tokenizer: BertTokenizerFast, quick: bool, weights: Path) -> dict[str, Any]:
    photos = lab.HeldOut(photo_sets.data_dir(), QUICK if quick else None)
    latency = lab.latency(model, tokenizer, 10 if quick else 30)
    figures = with_intervals(
        {
            **lab.classify(model, photos),
            **captions.measure(model, tokenizer, photos),
            **lab.answer(model, tokenizer, photos),
        }
    )
    size = sum(file.stat().st_size for file in weights.rglob("*") if file.is_file())
    return {
        **figures,
        "latency_ms_p50": max(latency.values()),
        "latency_ms": latency,
        "weights_mb": round(size / 1e6, 2),
        "quick": quick,
    }
