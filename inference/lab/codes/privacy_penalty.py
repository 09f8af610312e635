"""Does a penalty against rebuilding help? `python -m inference.lab.codes.privacy_penalty --write docs/curves.md`.

A code asks of each direction how much it matters to the tower. Here it also asks how much it tells of the pixels, by the best linear
rebuilding of the photo, and takes that off: bits then go to what the tower needs and the eye does not. Then directions and block
learn by the tower's output and the names, and an attacker of the usual kind (rebuild.py) learns on what each code sends, before the edge restores anything: an attacker need
not. Told are top-1 and the attacker's PSNR for each level, on photos that neither saw. Every finished row is kept.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from transformers.utils import logging

from inference.engine import split, towers
from inference.engine.catalogue import WEIGHTS, sha256
from inference.engine.codecs import feature_code, restore
from inference.engine.reconstruction import Decoder, Reconstructor, Shape
from inference.lab.codes import fit, markdown_tables, task_divergence, train_dequantiser, train_reconstruction
from inference.lab.codes.codec_eval import even, features, finished
from inference.lab.codes.train_codec import SIZES, WHOLE
from inference.lab.data import photo_sets
from inference.lab.measures import image_metrics, measure
from inference.lab.tower import bundle

SPLIT_AT = 1
HELD_AGAINST = (0.0, 1.0)  # 1: over all directions as much is taken off as there is
STEPS, ATTACKED, LEARN_FROM, NAMED, LOOKED_AT = 250, 250, 1500, 500, 60
RIDGE = 1e-3  # of the features' mean square
SHOWN = (0, 2, 4, 6)  # levels in the table
Pixels = NDArray[np.uint8]


def told_of_pixels(given: Tensor, pixels: Pixels, weight: float) -> fit.Avoid:
    """The metric of the best linear rebuilding of each patch from the features at its place."""
    places = given[:, 1:]
    patch = pixels.shape[1] // feature_code.grid_side(given.shape[1])
    patches = F.pixel_unshuffle(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255, patch).flatten(2).transpose(1, 2)
    seen, wanted = ((one - one.mean(0)).flatten(0, 1).double() for one in (places, patches))
    square = seen.T @ seen
    square += RIDGE * square.trace() / len(square) * torch.eye(len(square), dtype=torch.float64)
    linear = torch.linalg.solve(square, seen.T @ wanted).numpy()
    found = linear @ linear.T

    def avoid(covariance: fit.Matrix, metric: fit.Matrix) -> fit.Matrix:
        scaled: fit.Matrix = found * (weight * np.sum(metric * covariance) / np.sum(found * covariance))
        return scaled

    return avoid


def row(weight: float) -> dict[str, Any]:
    torch.manual_seed(0)
    held, (model, _) = measure.Held(photo_sets.data_dir()), bundle.load(photo_sets.require(WEIGHTS / "compact"))
    tower, names, k = towers.ResNetTower(model.classify.resnet), model.classify.classifier, SPLIT_AT
    pixels = held.pixels(even([name for name, split_, _ in photo_sets.listing(held.root) if split_ == "train"], LEARN_FROM))
    given = features(tower, pixels, k)
    arrays = fit.fit(tower, given, k, 8 * max(SIZES), avoid=told_of_pixels(given, pixels, weight))
    wanted = finished(tower, given, k)
    learned = train_dequantiser.train(
        tower, feature_code.LearnedCode(arrays, SIZES), given, wanted, k, STEPS, task_divergence.names(names, wanted)
    )
    code = feature_code.LearnedCode(arrays | learned, SIZES)
    bare = {name: one for name, one in (arrays | learned).items() if name not in restore.TENSORS}
    return {"weight": weight, "top1": named(tower, code, held, names),
            "psnr": rebuilt(tower, feature_code.LearnedCode(bare, SIZES), pixels)}  # fmt: skip


def named(
    tower: split.Tower, code: feature_code.LearnedCode, held: measure.Held, names: Callable[[Tensor], Tensor]
) -> list[float]:
    """Top-1 of each level."""
    tested = even(held.labelled()[1::2], NAMED)
    given, labels = (
        features(tower, held.pixels([name for name, _ in tested]), SPLIT_AT),
        torch.tensor([one for _, one in tested]),
    )
    payloads, found = [code.encode(one, len(code.sizes)) for one in given.numpy()], []
    for level, size in enumerate(code.sizes, 1):
        back = torch.from_numpy(np.stack([code.decode(one[:size], level) for one in payloads]))
        found.append(measure.share(names(finished(tower, back, SPLIT_AT)[:, 0]).argmax(1) == labels))
    return found


def rebuilt(tower: split.Tower, code: feature_code.LearnedCode, pixels: Pixels) -> list[float]:
    """PSNR of each level, by an attacker that learned on this very code."""
    tokens, width = tower.shape(SPLIT_AT)
    decoder = Decoder(Shape(tower.image_size, tower.image_size // feature_code.grid_side(tokens), width, len(code.sizes)))
    send, file = partial(train_reconstruction.send, tower, {SPLIT_AT: code}), Path(f"var/penalty-{code.digest.hex()}.pt")
    train_reconstruction.learn(decoder, send(pixels), SPLIT_AT, ATTACKED, file, {"code": code.digest.hex()})
    file.unlink()
    looked_at = train_reconstruction.held_out(photo_sets.data_dir(), LOOKED_AT)
    sent, reconstructor, rows, found = send(looked_at), Reconstructor({SPLIT_AT: decoder}), range(len(looked_at)), []
    for level in range(1, len(code.sizes) + 1):
        levels = [level] * len(rows)
        found.append(
            image_metrics.of(looked_at, reconstructor.batch(sent.features(SPLIT_AT, rows, levels), SPLIT_AT, levels))["psnr"]
        )
    return found


def table(rows: list[dict[str, Any]]) -> str:
    lines = [f"| penalty | {' | '.join(f'{WHOLE[n]} B' for n in SHOWN)} |", "|---" * (len(SHOWN) + 1) + "|"]
    for one in rows:
        cells = [f"{100 * one['top1'][n]:.1f} %, {one['psnr'][n]:.1f} dB" for n in SHOWN]
        lines.append(f"| {one['weight']:g} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, default=Path("var/penalty.json"))
    parser.add_argument("--write", type=Path, help="the page whose table is replaced, docs/curves.md")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    recipe = [sha256(WEIGHTS / "compact" / "classify" / "model.safetensors"), SPLIT_AT, SIZES, STEPS, ATTACKED, LEARN_FROM]
    rows = markdown_tables.rows(options.state, recipe, ((f"{weight:g}", partial(row, weight)) for weight in HELD_AGAINST))
    found = table(rows)
    print(found)
    if options.write:
        markdown_tables.write(options.write, "penalty", found)


if __name__ == "__main__":
    main()
