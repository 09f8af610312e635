"""Accuracy of each configuration that `bench.routes` used, all on the same held-out photos."""

import numpy as np
import torch
from PIL import Image

from bench.rate_accuracy.evaluation import BATCH, Evaluation, Sizes
from bench.rate_accuracy.stats import Outcome, accuracy
from inference.engine import loading, split
from inference.engine.codecs import photo_codec
from inference.lab.data import crops
from inference.lab.measures import decode
from inference.placement.prediction import Key

FULL, QUICK = Sizes(300, 0, 120, 120, 1, 1), Sizes(40, 0, 12, 12, 1, 1)
Outcomes = dict[str, Outcome]  # by task


def accuracies(used: set[tuple[str, Key]], sizes: Sizes) -> dict[tuple[str, Key], float]:
    """Fraction by (task, configuration)."""
    photos = Evaluation(sizes)
    whole = photos.outcomes(decode.vision_tokens(photos.model, photos.pixels))
    transcoded: dict[tuple[str, int], Outcomes] = {}
    coded: dict[tuple[int, int], Outcomes] = {}

    def photo(codec: str, quality: int) -> Outcomes:
        if (codec, quality) not in transcoded:
            files = [photo_codec.encode(Image.fromarray(pixels), codec, quality, len(pixels)) for pixels in photos.pixels]
            decoded = np.stack([np.asarray(photo_codec.decode(file)) for file in files])
            transcoded[codec, quality] = photos.outcomes(decode.vision_tokens(photos.model, decoded))
        return transcoded[codec, quality]

    def features(k: int, level: int) -> Outcomes:
        if (k, level) not in coded:
            coded[k, level] = photos.outcomes(_decoded_tokens(photos, k, level))
        return coded[k, level]

    def outcome(task: str, key: Key) -> Outcome:
        _, k, level, codec, quality, _, refine_to, *_ = key
        if codec is not None and quality is not None:
            return photo(codec, quality)[task]
        if k is None or level is None:
            return whole[task]
        if refine_to is None:
            return features(k, level)[task]
        modes = photos.profile.refinements(task, k)
        sure_above = next(mode.sure_above for mode in modes if (mode.level, mode.refine_to) == (level, refine_to))
        return features(k, level)[task].refined(features(k, refine_to)[task], sure_above)[0]

    return {(task, key): float(accuracy(outcome(task, key).counts.sum(0))) for task, key in used}


@torch.inference_mode()
def _decoded_tokens(photos: Evaluation, k: int, level: int) -> torch.Tensor:
    """The tower's output [N, T, D] from the features after block k as decoded at a level."""
    tower, code = loading.tower(photos.part.networks), photos.part.codes[k]
    parts = torch.from_numpy(photos.pixels).permute(0, 3, 1, 2).split(BATCH)
    original = np.concatenate([split.head(tower, crops.normalise(part), k).numpy() for part in parts])
    decoded = np.stack([code.decode(code.encode(features, level), level) for features in original])
    return torch.cat([split.tail(tower, part, k) for part in torch.from_numpy(decoded).split(BATCH)])
