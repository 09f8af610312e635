"""How much an entropy coder with contexts could save: `python -m inference.lab.codes.context_entropy`.

The code sends its bits as they are. This estimates the conditional entropy of each level's bits given what was sent before: of
the same coefficient (its earlier bits) and of its neighbours in frequency and channel (their values after the level before). A
small network predicts each bit, with a bias for each position; its cross-entropy on held-out photos bounds from above what an
arithmetic coder with the same contexts would send. Bits of level 1 have their own earlier bits only.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from inference.engine.catalogue import CODE, WEIGHTS
from inference.engine.codecs import feature_code
from inference.engine.codecs.feature_code import LearnedCode
from inference.lab.codes.codec_eval import even_sample, features
from inference.lab.data import photo_sets
from inference.lab.halves import bundle

Floats = NDArray[np.float32]
PHOTOS, HELD_OUT = 1200, 400
HIDDEN, EPOCHS, BATCH, RATE = 24, 6, 8, 3e-3
NEIGHBOURS = ((-1, 0), (1, 0), (0, -1), (0, 1))  # in the grid of frequencies
CHANNELS = (-2, -1, 1, 2)


def values(code: LearnedCode, bits: NDArray[np.uint8], count: int) -> Floats:
    """Of every coefficient after the first `count` bits, in standard deviations. bits [N, B] -> [N, T · D]."""
    decoded = np.zeros((len(bits), code.scale.size), np.float32)
    which, rank = code.order[:count], code.rank[:count]
    depth = np.bincount(which, minlength=code.scale.size)
    weights = 1 << (depth[which] - 1 - rank)
    for row, sent in zip(decoded, bits[:, :count], strict=True):
        prefix = np.bincount(which, sent * weights, minlength=code.scale.size).astype(np.int64)
        coded = depth > 0
        row[coded] = code.values[(1 << depth[coded]) - 2 + prefix[coded]]
    return decoded


def prefixes(code: LearnedCode, bits: NDArray[np.uint8]) -> Floats:
    """At each bit, the value of its own coefficient from its earlier bits, in standard deviations. [N, B] -> [N, B]."""
    earlier, before = np.zeros(bits.shape, np.float32), np.zeros((len(bits), code.scale.size), np.int64)
    for place, (which, rank) in enumerate(zip(code.order[: bits.shape[1]], code.rank, strict=False)):
        if rank:
            earlier[:, place] = code.values[(1 << rank) - 2 + before[:, which]]
        before[:, which] = 2 * before[:, which] + bits[:, place]
    return earlier


def contexts(code: LearnedCode, bits: NDArray[np.uint8], first: int, last: int, own: Floats) -> Floats:
    """For the bits from `first` to `last` of each photo [N, last - first, C]."""
    tokens, width = code.mean.shape
    side, known = feature_code.grid_side(tokens), values(code, bits, first).reshape(len(bits), tokens, width)
    token, channel = np.divmod(code.order[first:last], width)
    down, across = np.divmod(token - 1, side)
    columns = [own[:, first:last], np.abs(own[:, first:last])]
    for step_down, step_across in NEIGHBOURS:
        row, column = down + step_down, across + step_across
        inside = (token > 0) & (row >= 0) & (row < side) & (column >= 0) & (column < side)
        neighbour = known[:, np.where(inside, 1 + row * side + column, 0), channel] * inside
        columns += [neighbour, np.abs(neighbour)]
    for step in CHANNELS:
        other = channel + step
        inside = (other >= 0) & (other < width)
        neighbour = known[:, token, np.where(inside, other, 0)] * inside
        columns += [neighbour, np.abs(neighbour)]
    return np.stack(columns, -1)


class Predictor(nn.Module):
    """A bit's probability from its context, with a bias and a weight of the context's own for each position."""

    def __init__(self, positions: int, inputs: int) -> None:
        super().__init__()
        self.bias, self.own = nn.Parameter(torch.zeros(positions)), nn.Parameter(torch.zeros(positions, inputs))
        self.shared = nn.Sequential(nn.Linear(inputs, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1))

    def forward(self, context: Tensor) -> Tensor:
        logits: Tensor = self.bias + (self.own * context).sum(-1) + self.shared(context)[..., 0]
        return logits


def bits_per_bit(train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor]) -> float:
    """(contexts [N, B, C], bits [N, B]) -> cross-entropy on the test photos, in bits; 1 where nothing can be saved."""
    torch.manual_seed(0)
    model = Predictor(*train[0].shape[1:])
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(train[0])).split(BATCH):
            loss = F.binary_cross_entropy_with_logits(model(train[0][rows]), train[1][rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    with torch.inference_mode():
        return float(F.binary_cross_entropy_with_logits(model(test[0]), test[1])) / float(np.log(2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=WEIGHTS / "compact", help="the bundled models' folder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bytes", type=int, default=1024, help="payload up to which levels are looked at (default 1024)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    root, (model, _) = photo_sets.data_dir(), bundle.load(options.weights)
    names = [name for name, split, _ in photo_sets.listing(root) if split == "train"]
    sampled = even_sample(names, PHOTOS + HELD_OUT)
    pixels = np.stack([photo_sets.read_pixels(root / name) for name in sampled])
    for k, code in feature_code.load(options.weights / CODE).items():
        sizes = [size for size in code.sizes if size <= options.bytes]
        sent = [code.encode(photo, len(sizes)) for photo in features(model.tower, pixels, k).numpy()]
        bits = np.unpackbits(np.array([np.frombuffer(payload, np.uint8) for payload in sent]), axis=1)
        own, first, total = prefixes(code, bits), 0, 0.0
        for level, size in enumerate(sizes, 1):
            context, target = contexts(code, bits, first, 8 * size, own), bits[:, first : 8 * size].astype(np.float32)
            both = [
                (torch.from_numpy(context[part]), torch.from_numpy(target[part]))
                for part in (slice(PHOTOS), slice(PHOTOS, None))
            ]
            share = bits_per_bit(both[0], both[1])
            total, first = total + share * (8 * size - first), 8 * size
            line = {
                "split_at": k,
                "level": level,
                "bytes": size,
                "of_its_bits": round(share, 4),
                "so_far": round(total / first, 4),
            }
            print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
