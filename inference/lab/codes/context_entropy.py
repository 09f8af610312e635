"""What better probabilities could save: `python -m inference.lab.codes.context_entropy`.

A pass of the code sends all coefficients of a group with one Rice parameter. With all coefficients known to the same plane, its
bytes are compared with two ideal arithmetic coders on held-out photos: one knows the spread of every coefficient, the other
corrects it by the neighbours in frequency and channel that are sent before (a small network predicts the correction). Both
take magnitudes for exponentially distributed, and a bit for each sign.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from devices.contract.wire import HEADER_BYTES
from inference.engine.catalogue import CODE, WEIGHTS
from inference.engine.codecs import feature_code, learned_code
from inference.engine.codecs.bit_planes import PLANES, BitPlanes
from inference.engine.codecs.learned_code import LearnedCode
from inference.lab.codes.codec_eval import even_sample, features
from inference.lab.data import photo_sets
from inference.lab.halves import bundle

Floats = NDArray[np.float32]
PHOTOS, TEST_EVERY = 500, 5
PLANES_KNOWN = (5, 6, 7, 8)
HIDDEN, STEPS, BATCH, RATE = 16, 150, 12, 5e-3
LARGEST = 20  # magnitude that a context tells from larger ones


def magnitudes(code: LearnedCode, photos: Floats) -> Floats:
    """Features [N, T, D] -> the coefficients [N, T · D] in their units."""
    rows = [feature_code.spectrum(((photo - code.mean) @ code.forward).astype(np.float32)).ravel() for photo in photos]
    return np.stack(rows) / code.unit


def sent_bytes(code: LearnedCode, values: Floats, known: int) -> float:
    """Mean bytes of the passes over the first `known` planes of all groups."""
    passes = [one for one in code.planes.passes if one[1] < known]
    planes, sizes = BitPlanes(code.groups, np.array(passes)), list[int]()
    for photo in values:
        whole = (np.abs(photo) * (1 << known - 1)).astype(np.int64) << PLANES - known
        low, high = 0, len(photo)
        while low < high:
            size = (low + high) // 2
            enough = planes.decode(planes.encode(whole, photo < 0, size)).planes.min() >= known
            low, high = (low, size) if enough else (size + 1, high)
        sizes.append(low)
    return float(np.mean(sizes))


def contexts(whole: Floats, shape: tuple[int, int]) -> Floats:
    """[N, T · D] -> magnitudes of the neighbours before each: up, left, both, and of the two channels before. [N, T · D, 5]."""
    side = feature_code.grid_side(shape[0])
    rows = np.log1p(np.minimum(whole, LARGEST)).reshape(len(whole), *shape)
    grid = rows[:, 1:].reshape(len(whole), side, side, shape[1])
    padding = ((0, 0), (1, 0), (0, 0), (0, 0)), ((0, 0), (0, 0), (1, 0), (0, 0))
    up, left = (np.pad(grid, pad)[:, :side, :side] for pad in padding)
    both = np.pad(up, ((0, 0), (0, 0), (1, 0), (0, 0)))[:, :, :side]
    before = [np.pad(grid, ((0, 0), (0, 0), (0, 0), (step, 0)))[..., : shape[1]] for step in (1, 2)]
    stacked = np.zeros((*rows.shape, 5), np.float32)
    stacked[:, 1:] = np.stack([up, left, both, *before], -1).reshape(len(whole), shape[0] - 1, shape[1], 5)
    return stacked.reshape(len(whole), -1, 5)


class Correction(nn.Module):
    """Logarithm of the factor by which neighbours change a coefficient's spread."""

    def __init__(self) -> None:
        super().__init__()
        last = nn.Linear(HIDDEN, 1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.layers = nn.Sequential(nn.Linear(6, HIDDEN), nn.ReLU(), last)

    def forward(self, context: Tensor, spread: Tensor) -> Tensor:
        """[N, C, 5], log spread [C] -> [N, C]."""
        inputs = torch.cat([context, spread.expand(context.shape[:2])[..., None]], -1)
        factor: Tensor = self.layers(inputs)[..., 0]
        return factor


def code_length(whole: Tensor, log_spread: Tensor) -> Tensor:
    """Bits of magnitudes [N, C] that are exponential with that mean, in steps, and of their signs."""
    rate = (-log_spread).exp()
    several = torch.where(whole > 0, 1.0, 0.0)
    nats = whole * rate - torch.log(-torch.expm1(-rate).clamp(max=-1e-9))
    return nats / float(np.log(2)) + several


def ideal_bytes(train: Floats, test: Floats, known: int, shape: tuple[int, int]) -> tuple[float, float]:
    """-> mean bytes on the test photos without and with contexts."""
    torch.manual_seed(0)
    step = 2.0 ** (1 - known)
    spread = torch.from_numpy(np.log(np.maximum(np.abs(train).mean(0) / step, 1e-3))).float()
    whole = [np.floor(np.abs(part) / step).astype(np.float32) for part in (train, test)]
    (train_context, train_whole), (test_context, test_whole) = (
        (torch.from_numpy(contexts(part, shape)), torch.from_numpy(part)) for part in whole
    )
    model = Correction()
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    for _ in range(STEPS):
        rows = torch.randint(len(train_whole), (BATCH,))
        loss = code_length(train_whole[rows], spread + model(train_context[rows], spread)).sum(1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.inference_mode():
        plain = code_length(test_whole, spread).sum(1).mean()
        corrected = torch.cat([code_length(w, spread + model(c, spread)).sum(1)
                               for w, c in zip(test_whole.split(20), test_context.split(20), strict=True)]).mean()  # fmt: skip
    return float(plain) / 8, float(corrected) / 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=WEIGHTS / "compact", help="the bundled models' folder")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    root, (model, _) = photo_sets.data_dir(), bundle.load(options.weights)
    names = even_sample([name for name, split, _ in photo_sets.listing(root) if split == "train"], PHOTOS)
    pixels = np.stack([photo_sets.read_pixels(root / name) for name in names])
    for k, code in learned_code.load(options.weights / CODE).items():
        values = magnitudes(code, features(model.tower, pixels, k).numpy())
        test = np.arange(len(values)) % TEST_EVERY == 0
        for known in PLANES_KNOWN:
            plain, corrected = ideal_bytes(values[~test], values[test], known, code.mean.shape)
            line = {"split_at": k, "planes": known, "bytes": round(HEADER_BYTES + sent_bytes(code, values[test], known)),
                    "ideal": round(HEADER_BYTES + plain), "with_contexts": round(HEADER_BYTES + corrected)}  # fmt: skip
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
