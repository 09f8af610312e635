"""The attacker on the feature code: `python -m inference.lab.codes.train_reconstruction` writes rebuild.safetensors and its figures.

After `codec`. A decoder for each split point learns from training photos alone to rebuild them from what each level sends; it
begins as the least-squares inverse (closed form) and goes on with L1 + MSE. PSNR and SSIM on held-out photos go into card.json.
Stopped and started again it goes on from its last checkpoint. Takes a few minutes on two cores.
"""

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from inference.engine import catalogue, loading, reconstruction, split
from inference.engine.codecs.feature_code import Code, grid_side
from inference.engine.reconstruction import Decoder, Reconstructor, Shape
from inference.lab.data import crops, photo_sets
from inference.lab.measures import image_metrics

Pixels = NDArray[np.uint8]
LEARN_FROM, SOLVED_WITH, MEASURED = 4000, 1000, 120  # photos
STEPS, BATCH, RATE, WARM_UP = 400, 32, 2e-3, 50  # steps of each split point
EVERY = 100  # steps between checkpoints
RIDGE = 1e-3  # of the features' mean square
HELD_OUT = ("val", "imagenette"), ("test", "flickr8k")


@dataclass
class Sent:
    """Photos beside what each split point sends of them at its highest level; a lower level is a prefix."""

    pixels: Pixels  # [N, S, S, 3]
    codes: dict[int, Code]
    payloads: dict[int, list[bytes]]

    def features(self, k: int, rows: Sequence[int], levels: Sequence[int]) -> NDArray[np.float32]:
        code, payloads = self.codes[k], self.payloads[k]
        return np.stack([code.decode(payloads[row][: code.sizes[n - 1]], n) for row, n in zip(rows, levels, strict=True)])

    def photos(self, rows: Sequence[int]) -> Tensor:
        """[B, 3, S, S], 0…1."""
        return torch.from_numpy(self.pixels[rows]).permute(0, 3, 1, 2).float() / 255


@torch.inference_mode()
def send(tower: split.Tower, codes: dict[int, Code], pixels: Pixels) -> Sent:
    payloads: dict[int, list[bytes]] = {k: [] for k in sorted(codes)}
    for part in tqdm(torch.from_numpy(pixels).permute(0, 3, 1, 2).split(50), desc="encode", mininterval=5):
        hidden, reached = tower.embed(crops.normalise(part)), 0
        for k, found in payloads.items():
            hidden, reached = tower.blocks(hidden, reached, k), k
            found += [codes[k].encode(one, len(codes[k].sizes)) for one in hidden.numpy()]
    return Sent(pixels, codes, payloads)


def drawn(code: Code, photos: int, count: int, step: int) -> tuple[list[int], list[int]]:
    """Rows and levels of a step: they depend on its number alone."""
    chance = np.random.default_rng(step)
    return chance.integers(0, photos, count).tolist(), chance.integers(1, len(code.sizes) + 1, count).tolist()


@torch.no_grad()
def solve(decoder: Decoder, sent: Sent, k: int) -> None:
    """The least-squares inverse: each patch's leading components from its own features, levels mixed."""
    patch, count = decoder.shape.patch, min(SOLVED_WITH, len(sent.pixels))
    rows = [n * len(sent.pixels) // count for n in range(count)]
    wanted = F.pixel_unshuffle(sent.photos(rows), patch).flatten(2).transpose(1, 2)  # [N, patches, 3 P²]
    flat = wanted.flatten(0, 1)
    decoder.grey.copy_(flat.mean(0))
    flat = flat - decoder.grey
    _, directions = torch.linalg.eigh(flat.T @ flat)
    decoder.basis.copy_(directions.T.flip(0)[: len(decoder.basis)])
    told = flat @ decoder.basis.T
    _, levels = drawn(sent.codes[k], 1, count, k)
    features = torch.from_numpy(sent.features(k, rows, levels))
    decoder.middle.copy_(features.mean(0))
    decoder.spread.copy_((features - decoder.middle).std())
    given = ((features - decoder.middle) / decoder.spread)[:, 1:].flatten(0, 1).double()
    square = given.T @ given
    square += RIDGE * square.trace() / len(square) * torch.eye(len(square), dtype=torch.float64)
    decoder.inverse.copy_(torch.linalg.solve(square, given.T @ told.double()).float())


def learn(decoder: Decoder, sent: Sent, k: int, steps: int, file: Path, made_for: dict[str, str]) -> None:
    """Goes on from `file` where it is of this very run."""
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=RATE, weight_decay=1e-4, betas=(0.9, 0.99))
    begun, told = 0, {**made_for, "steps": steps, "photos": len(sent.pixels)}
    if file.exists() and (held := torch.load(file, weights_only=True))["told"] == told:
        decoder.load_state_dict(held["decoder"])
        optimiser.load_state_dict(held["optimiser"])
        begun = held["step"]
    else:
        solve(decoder, sent, k)
    bar = tqdm(range(begun, steps), initial=begun, total=steps, desc=f"rebuild after block {k}", mininterval=5)
    for step in bar:
        optimiser.param_groups[0]["lr"] = RATE * min(1, (1 + step) / WARM_UP) * (1 + math.cos(math.pi * step / steps)) / 2
        rows, levels = drawn(sent.codes[k], len(sent.pixels), BATCH, step)
        made = decoder(torch.from_numpy(sent.features(k, rows, levels)), torch.tensor(levels))
        wanted = sent.photos(rows)
        loss = F.l1_loss(made, wanted) + F.mse_loss(made, wanted)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimiser.step()
        if (step + 1) % EVERY == 0 or step + 1 == steps:
            bar.set_postfix(loss=f"{loss.item():.4f}")
            part = file.with_suffix(".part")
            torch.save(
                {"told": told, "step": step + 1, "decoder": decoder.state_dict(), "optimiser": optimiser.state_dict()}, part
            )
            part.replace(file)


def measure(reconstructor: Reconstructor, sent: Sent) -> list[dict[str, Any]]:
    """PSNR and SSIM of every split point and level, means over the photos."""
    rows, found = range(len(sent.pixels)), []
    for k in reconstructor.decoders:
        for level in range(1, len(sent.codes[k].sizes) + 1):
            features = sent.features(k, rows, [level] * len(rows))
            made = np.concatenate([reconstructor.batch(part, k, [level] * len(part)) for part in np.array_split(features, 4)])
            found.append({"split_at": k, "level": level, **image_metrics.of(sent.pixels, made)})
    return found


def held_out(root: Path, count: int) -> Pixels:
    """Photos that no training step saw, as many of each set."""
    names = [[name for name, split_, _ in photo_sets.listing(root) if (split_, name.split("/")[0]) == one] for one in HELD_OUT]
    return _read(root, [name for group in names for name in _even(group, count // len(names))])


def _read(root: Path, names: Sequence[str]) -> Pixels:
    return np.stack([photo_sets.read_pixels(root / name) for name in names])


def _even(rows: Sequence[str], count: int) -> list[str]:
    return [rows[n * len(rows) // count] for n in range(min(count, len(rows)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--photos", type=int, default=LEARN_FROM)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--run", type=Path, default=Path("var/rebuild"), help="where checkpoints are kept")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    folder, root = catalogue.WEIGHTS / "compact", photo_sets.data_dir()
    part = loading.load(catalogue.profile("compact"), torch.device("cpu"))["classify"]
    tower, codes = part.tower, part.codes
    names = [name for name, split_, _ in photo_sets.listing(root) if split_ == "train"]
    sent = send(tower, codes, _read(root, _even(names, options.photos)))
    options.run.mkdir(parents=True, exist_ok=True)
    decoders = {}
    for k, code in sorted(codes.items()):
        tokens, width = tower.shape(k)
        decoders[k] = Decoder(Shape(tower.image_size, tower.image_size // grid_side(tokens), width, len(code.sizes)))
        learn(decoders[k], sent, k, options.steps, options.run / f"checkpoint-{k}.pt", reconstruction.made_for(folder))
    reconstruction.save(folder / reconstruction.FILE, decoders)
    figures = measure(Reconstructor.load(folder), send(tower, codes, held_out(root, MEASURED)))
    write_card(folder / "card.json", figures)
    for one in figures:
        print("after block {split_at}, level {level}: {psnr:.2f} dB, SSIM {ssim:.3f}".format(**one))


def write_card(file: Path, figures: list[dict[str, Any]]) -> None:
    card = json.loads(file.read_text())
    card["rebuild"] = figures
    part = file.with_suffix(".part")
    part.write_text(json.dumps(card, indent=1) + "\n")
    part.replace(file)


if __name__ == "__main__":
    main()
