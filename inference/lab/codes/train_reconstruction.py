"""The attacker on the feature code: `python -m inference.lab.codes.train_reconstruction` writes rebuild.safetensors and its
figures.

Run it after train_codec. A decoder per split point is trained, on training photos alone, to reconstruct them from what each
level sends; it starts as the least-squares inverse (closed form) and continues with L1 + MSE. PSNR and SSIM on held-out
photos go into card.json. A stopped run resumes from its last checkpoint. Takes a few minutes on two cores.
"""

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from inference.engine import catalogue, loading, split
from inference.engine.codecs.feature_code import Code, grid_side
from inference.engine.engines.torch_engine import TorchEngine
from inference.engine.reconstruction import FILE, Reconstructor, decoder
from inference.engine.reconstruction.decoder import Decoder, Shape
from inference.lab.codes.codec_eval import even_sample
from inference.lab.data import crops, photo_sets
from inference.lab.measures import image_metrics

Pixels = NDArray[np.uint8]
TRAINING_PHOTOS, SOLVED_WITH, MEASURED = 4000, 1000, 120  # photos
STEPS, BATCH, RATE, WARM_UP = 400, 32, 2e-3, 50  # steps per split point
CHECKPOINT_EVERY = 100  # steps
RIDGE = 1e-3  # of the features' mean square
HELD_OUT = ("val", "imagenette"), ("test", "flickr8k")


class ReconstructionFigures(image_metrics.Quality):
    """One entry of the card's `rebuild`."""

    split_at: int
    level: int


@dataclass
class Sent:
    """Photos beside what each split point sends of them at its highest level; a lower level is a prefix."""

    pixels: Pixels  # [N, S, S, 3]
    codes: dict[int, Code]
    payloads: dict[int, list[bytes]]

    def features(self, k: int, rows: Sequence[int], levels: Sequence[int]) -> NDArray[np.float32]:
        """-> [B, T, D] as decoded, a level for each row."""
        code, payloads = self.codes[k], self.payloads[k]
        return np.stack([code.decode(payloads[row][: code.sizes[n - 1]], n) for row, n in zip(rows, levels, strict=True)])

    def photos(self, rows: Sequence[int]) -> Tensor:
        """[B, 3, S, S], 0…1."""
        return torch.from_numpy(self.pixels[rows]).permute(0, 3, 1, 2).float() / 255


@torch.inference_mode()
def encode(tower: split.Tower, codes: dict[int, Code], pixels: Pixels) -> Sent:
    payloads: dict[int, list[bytes]] = {k: [] for k in sorted(codes)}
    for part in tqdm(torch.from_numpy(pixels).permute(0, 3, 1, 2).split(50), desc="encode", mininterval=5):
        hidden, reached = tower.embed(crops.normalise(part)), 0
        for k, encoded in payloads.items():
            hidden, reached = tower.blocks(hidden, reached, k), k
            encoded += [codes[k].encode(photo, len(codes[k].sizes)) for photo in hidden.numpy()]
    return Sent(pixels, codes, payloads)


def draw(code: Code, photos: int, count: int, step: int) -> tuple[list[int], list[int]]:
    """Rows and levels of a step; they depend on its number alone, so that a resumed run draws the same."""
    chance = np.random.default_rng(step)
    return chance.integers(0, photos, count).tolist(), chance.integers(1, len(code.sizes) + 1, count).tolist()


@torch.no_grad()
def solve(decoder: Decoder, sent: Sent, k: int) -> None:
    """The least-squares inverse: each patch's leading principal components from the features at its place, levels mixed."""
    patch, count = decoder.shape.patch, min(SOLVED_WITH, len(sent.pixels))
    rows = [n * len(sent.pixels) // count for n in range(count)]
    patches = F.pixel_unshuffle(sent.photos(rows), patch).flatten(2).transpose(1, 2)  # [N, patches, 3 P²]
    flat = patches.flatten(0, 1)
    decoder.grey.copy_(flat.mean(0))
    flat = flat - decoder.grey
    _, directions = torch.linalg.eigh(flat.T @ flat)
    decoder.basis.copy_(directions.T.flip(0)[: len(decoder.basis)])
    components = flat @ decoder.basis.T
    _, levels = draw(sent.codes[k], 1, count, k)
    features = torch.from_numpy(sent.features(k, rows, levels))
    decoder.middle.copy_(features.mean(0))
    decoder.spread.copy_((features - decoder.middle).std())
    inputs = ((features - decoder.middle) / decoder.spread)[:, 1:].flatten(0, 1).double()
    square = inputs.T @ inputs
    square += RIDGE * square.trace() / len(square) * torch.eye(len(square), dtype=torch.float64)
    decoder.inverse.copy_(torch.linalg.solve(square, inputs.T @ components.double()).float())


def learn(decoder: Decoder, sent: Sent, k: int, steps: int, file: Path, made_for: dict[str, str]) -> None:
    """Resumes from `file` if it belongs to the same run."""
    optimiser = torch.optim.AdamW(decoder.parameters(), lr=RATE, weight_decay=1e-4, betas=(0.9, 0.99))
    first, recipe = 0, {**made_for, "steps": steps, "photos": len(sent.pixels)}
    if file.exists() and (state := torch.load(file, weights_only=True)).get("recipe") == recipe:
        decoder.load_state_dict(state["decoder"])
        optimiser.load_state_dict(state["optimiser"])
        first = state["step"]
    else:
        solve(decoder, sent, k)
    bar = tqdm(range(first, steps), initial=first, total=steps, desc=f"reconstruction after block {k}", mininterval=5)
    for step in bar:
        optimiser.param_groups[0]["lr"] = RATE * min(1, (1 + step) / WARM_UP) * (1 + math.cos(math.pi * step / steps)) / 2
        rows, levels = draw(sent.codes[k], len(sent.pixels), BATCH, step)
        rebuilt = decoder(torch.from_numpy(sent.features(k, rows, levels)), torch.tensor(levels))
        photos = sent.photos(rows)
        loss = F.l1_loss(rebuilt, photos) + F.mse_loss(rebuilt, photos)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        optimiser.step()
        if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == steps:
            bar.set_postfix(loss=f"{loss.item():.4f}")
            part = file.with_suffix(".part")
            checkpoint = {
                "recipe": recipe,
                "step": step + 1,
                "decoder": decoder.state_dict(),
                "optimiser": optimiser.state_dict(),
            }
            torch.save(checkpoint, part)
            part.replace(file)


def measure(reconstructor: Reconstructor, sent: Sent) -> list[ReconstructionFigures]:
    """PSNR and SSIM of every split point and level, means over the photos."""
    rows, figures = range(len(sent.pixels)), []
    for k in reconstructor.decoders:
        for level in range(1, len(sent.codes[k].sizes) + 1):
            features = sent.features(k, rows, [level] * len(rows))
            rebuilt = np.concatenate(
                [reconstructor.batch(part, k, [level] * len(part)) for part in np.array_split(features, 4)]
            )
            quality = image_metrics.mean_quality(sent.pixels, rebuilt)
            figures.append(ReconstructionFigures(split_at=k, level=level, **quality))
    return figures


def held_out(root: Path, count: int) -> Pixels:
    """Photos outside training, the same number of each set."""
    groups = [[name for name, part, _ in photo_sets.listing(root) if (part, name.split("/")[0]) == group] for group in HELD_OUT]
    return _read(root, [name for group in groups for name in even_sample(group, count // len(groups))])


def _read(root: Path, names: Sequence[str]) -> Pixels:
    return np.stack([photo_sets.read_pixels(root / name) for name in names])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=STEPS, help=f"per split point (default {STEPS})")
    parser.add_argument("--photos", type=int, default=TRAINING_PHOTOS, help=f"training photos (default {TRAINING_PHOTOS})")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--run", type=Path, default=Path("var/rebuild"), help="where checkpoints are stored")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    folder, root = catalogue.WEIGHTS / "compact", photo_sets.data_dir()
    part = TorchEngine(catalogue.profile("compact")).parts["classify"]
    tower, codes = loading.tower(part.networks), part.codes
    names = [name for name, split_, _ in photo_sets.listing(root) if split_ == "train"]
    sent = encode(tower, codes, _read(root, even_sample(names, options.photos)))
    options.run.mkdir(parents=True, exist_ok=True)
    decoders = {}
    for k, code in sorted(codes.items()):
        tokens, width = tower.shape(k)
        decoders[k] = Decoder(Shape(tower.image_size, tower.image_size // grid_side(tokens), width, len(code.sizes)))
        learn(decoders[k], sent, k, options.steps, options.run / f"checkpoint-{k}.pt", decoder.made_for(folder))
    decoder.save(folder / FILE, decoders)
    figures = measure(decoder.load(folder), encode(tower, codes, held_out(root, MEASURED)))
    write_card(folder / "card.json", figures)
    for entry in figures:
        print("after block {split_at}, level {level}: {psnr:.2f} dB, SSIM {ssim:.3f}".format(**entry))


def write_card(file: Path, figures: Sequence[ReconstructionFigures]) -> None:
    card = json.loads(file.read_text())
    card["rebuild"] = figures
    part = file.with_suffix(".part")
    part.write_text(json.dumps(card, indent=1) + "\n")
    part.replace(file)


if __name__ == "__main__":
    main()
