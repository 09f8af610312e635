"""How accurate each configuration is that `bench.routes` used: on the held-out photos, the same for all."""

from typing import Any

import numpy as np
import torch
from PIL import Image

from bench.rate_accuracy.rows import AT_ONCE, Exam, Sizes
from bench.rate_accuracy.stats import Outcome, accuracy
from inference.engine import split
from inference.engine.codecs import photo_codec
from inference.lab.data import crops
from inference.lab.measures import decode
from inference.placement.prediction import Key

# Photos that are named, and that are described and asked about.
FULL, QUICK = Sizes(300, 120, 120, 1, 1), Sizes(40, 12, 12, 1, 1)


def accuracies(used: set[tuple[str, Key]], sizes: Sizes) -> dict[tuple[str, Key], float]:
    """As a fraction, of each task done as the configuration says."""
    exam = Exam(sizes)
    whole = exam.outcomes(decode.see(exam.model, exam.pixels))
    seen: dict[Any, dict[str, Outcome]] = {}

    def photo(codec: str, quality: int) -> dict[str, Outcome]:
        if (codec, quality) not in seen:
            sent = [photo_codec.encode(Image.fromarray(one), codec, quality, len(one)) for one in exam.pixels]
            back = np.stack([np.asarray(photo_codec.decode(one)) for one in sent])
            seen[codec, quality] = exam.outcomes(decode.see(exam.model, back))
        return seen[codec, quality]

    def features(k: int, level: int) -> dict[str, Outcome]:
        if (k, level) not in seen:
            seen[k, level] = exam.outcomes(_restored(exam, k, level))
        return seen[k, level]

    def outcome(task: str, key: Key) -> Outcome:
        _, k, level, codec, quality, _, refine_to, _ = key
        if codec is not None and quality is not None:
            return photo(codec, quality)[task]
        if k is None or level is None:
            return whole[task]
        if refine_to is None:
            return features(k, level)[task]
        modes = exam.profile.refinements(task, k)
        sure_above = next(one.sure_above for one in modes if (one.level, one.refine_to) == (level, refine_to))
        return features(k, level)[task].mixed(features(k, refine_to)[task], sure_above)[0]

    return {(task, key): float(accuracy(outcome(task, key).counts.sum(0))) for task, key in used}


@torch.inference_mode()
def _restored(exam: Exam, k: int, level: int) -> torch.Tensor:
    """The tower's last tokens [N, T, D] from what a level says of the features after block k."""
    tower, code = exam.part.tower, exam.part.codes[k]
    parts = torch.from_numpy(exam.pixels).permute(0, 3, 1, 2).split(AT_ONCE)
    given = np.concatenate([split.head(tower, crops.normalise(part), k).numpy() for part in parts])
    back = np.stack([code.decode(code.encode(one, level), level) for one in given])
    return torch.cat([split.tail(tower, part, k) for part in torch.from_numpy(back).split(AT_ONCE)])
