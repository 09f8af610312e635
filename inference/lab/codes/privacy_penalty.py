"""Does a penalty against reconstruction help? `python -m inference.lab.codes.privacy_penalty --write docs/curves.md`.

A code weighs each direction by its importance to the tower. Here it also estimates how much the direction reveals of the
pixels, by the best linear reconstruction of the photo, and subtracts that: bits then go to what the tower needs and a viewer
does not. Then transform and dequantiser are trained on the tower's output and the class labels, and a standard attacker
(train_reconstruction.py) is trained on what each code sends, before the edge restores anything, as an attacker need not. The
table shows top-1 of 1000 names on Imagenette photos (ten classes) and the attacker's PSNR by level, on photos neither was
trained on. Finished rows are stored.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from transformers.utils import logging

from inference.engine import split
from inference.engine.catalogue import WEIGHTS
from inference.engine.codecs import feature_code, learned_code, restore
from inference.engine.model_files import tower_digest
from inference.engine.reconstruction import decoder as decoder_network
from inference.engine.reconstruction.decoder import Decoder, Shape
from inference.lab.codes import fit, markdown_tables, task_divergence, train_dequantiser, train_reconstruction
from inference.lab.codes.codec_eval import even_sample, features, tower_output
from inference.lab.codes.train_codec import PACKET_SIZES, SIZES
from inference.lab.data import photo_sets
from inference.lab.halves import bundle
from inference.lab.measures import image_metrics, measure

SPLIT_AT = 1
PENALTIES = (0.0, 1.0)  # 1: summed over all directions, the whole importance is subtracted
STEPS, ATTACK_STEPS = 250, 250
TRAINING_PHOTOS, CLASSIFIED, ATTACKED = 1500, 500, 60
RIDGE = 1e-3  # of the features' mean square
SHOWN = (0, 2, 4, 6)  # levels in the table
Pixels = NDArray[np.uint8]


def pixel_penalty(original: Tensor, pixels: Pixels, weight: float) -> fit.Penalty:
    """The metric of the best linear reconstruction of each patch from the features at its place.

    original [N, T, D]; pixels [N, S, S, 3]."""
    places = original[:, 1:]
    side = pixels.shape[1] // feature_code.grid_side(original.shape[1])
    patches = F.pixel_unshuffle(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255, side).flatten(2).transpose(1, 2)
    inputs, targets = ((part - part.mean(0)).flatten(0, 1).double() for part in (places, patches))
    square = inputs.T @ inputs
    square += RIDGE * square.trace() / len(square) * torch.eye(len(square), dtype=torch.float64)
    linear = torch.linalg.solve(square, inputs.T @ targets).numpy()
    revealed = linear @ linear.T

    def penalty(covariance: fit.Matrix, metric: fit.Matrix) -> fit.Matrix:
        scaled: fit.Matrix = revealed * (weight * np.sum(metric * covariance) / np.sum(revealed * covariance))
        return scaled

    return penalty


def row(weight: float) -> markdown_tables.Row:
    torch.manual_seed(0)
    photos, (model, _) = measure.HeldOut(photo_sets.data_dir()), bundle.load(photo_sets.require(WEIGHTS / "compact"))
    tower, classifier, k = model.tower, model.classifier, SPLIT_AT
    names = [name for name, part, _ in photo_sets.listing(photos.root) if part == "train"]
    pixels = photos.pixels(even_sample(names, TRAINING_PHOTOS))
    original = features(tower, pixels, k)
    arrays = fit.fit(tower, original, k, penalty=pixel_penalty(original, pixels, weight))
    target = tower_output(tower, original, k)
    divergence = task_divergence.label_divergence(classifier, target)
    fitted = learned_code.LearnedCode(arrays, SIZES)
    arrays = {**arrays, **train_dequantiser.train(tower, fitted, original, target, k, STEPS, divergence)}
    code = learned_code.LearnedCode(arrays, SIZES)
    unrestored = {name: array for name, array in arrays.items() if name not in restore.TENSORS}
    return {"weight": weight, "top1": top1(tower, code, photos, classifier),
            "psnr": attack(tower, learned_code.LearnedCode(unrestored, SIZES), pixels)}  # fmt: skip


def top1(
    tower: split.Tower, code: learned_code.LearnedCode, photos: measure.HeldOut, classifier: Callable[[Tensor], Tensor]
) -> list[float]:
    """By level, on held-out Imagenette photos."""
    test = even_sample(photos.labelled()[1::2], CLASSIFIED)
    original = features(tower, photos.pixels([name for name, _ in test]), SPLIT_AT)
    labels = torch.tensor([label for _, label in test])
    payloads, shares = [code.encode(photo, len(code.sizes)) for photo in original.numpy()], []
    for level, size in enumerate(code.sizes, 1):
        decoded = torch.from_numpy(np.stack([code.decode(payload[:size], level) for payload in payloads]))
        predicted = classifier(tower_output(tower, decoded, SPLIT_AT)[:, 0]).argmax(1)
        shares.append(measure.share((predicted == labels).tolist()))
    return shares


def attack(tower: split.Tower, code: learned_code.LearnedCode, pixels: Pixels) -> list[float]:
    """PSNR by level of an attacker trained on this very code."""
    tokens, width = tower.shape(SPLIT_AT)
    decoder = Decoder(Shape(tower.image_size, tower.image_size // feature_code.grid_side(tokens), width, len(code.sizes)))
    encode, file = partial(train_reconstruction.encode, tower, {SPLIT_AT: code}), Path(f"var/penalty-{code.digest.hex()}.pt")
    train_reconstruction.learn(decoder, encode(pixels), SPLIT_AT, ATTACK_STEPS, file, {"code": code.digest.hex()})
    file.unlink()
    test = train_reconstruction.held_out(photo_sets.data_dir(), ATTACKED)
    sent, reconstructor, rows, psnr = encode(test), decoder_network.reconstructor({SPLIT_AT: decoder}), range(len(test)), []
    for level in range(1, len(code.sizes) + 1):
        levels = [level] * len(rows)
        rebuilt = reconstructor.batch(sent.features(SPLIT_AT, rows, levels), SPLIT_AT, levels)
        psnr.append(image_metrics.mean_quality(test, rebuilt)["psnr"])
    return psnr


def table(rows: list[markdown_tables.Row]) -> str:
    lines = [f"| penalty | {' | '.join(f'{PACKET_SIZES[n]} B' for n in SHOWN)} |", "|---" * (len(SHOWN) + 1) + "|"]
    for result in rows:
        cells = [f"{100 * result['top1'][n]:.1f} %, {result['psnr'][n]:.1f} dB" for n in SHOWN]
        lines.append(f"| {result['weight']:g} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", type=Path, default=Path("var/penalty.json"), help="where finished rows are stored")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="page whose table is replaced: docs/curves.md")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    weights = tower_digest(WEIGHTS / "compact")
    recipe = [weights, SPLIT_AT, SIZES, STEPS, ATTACK_STEPS, TRAINING_PHOTOS]
    rows = markdown_tables.rows(options.state, recipe, ((f"{weight:g}", partial(row, weight)) for weight in PENALTIES))
    text = table(rows)
    print(text)
    if options.write:
        markdown_tables.write(options.write, "penalty", text)


if __name__ == "__main__":
    main()
