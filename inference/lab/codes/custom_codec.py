"""A code for another tower: any ViT or BLIP of transformers, from unlabelled photos with the tower as teacher.

Writes codec.safetensors and codec.json beside the model, where its profile finds them. Each finished split point is stored in a
state file, so a stopped run resumes with the next one; the state files are removed when the code is complete.
"""

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch
import transformers
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from devices.compute import torch_device
from devices.contract.wire import HEADER_BYTES
from inference.engine import split, towers
from inference.engine.catalogue import CODE, sha256
from inference.engine.codecs import learned_code
from inference.engine.hub import fetch
from inference.engine.model_files import config, has_weights, weights_file
from inference.engine.pixels import Pixels
from inference.lab.codes import fit
from inference.lab.codes.codec_eval import even_sample
from inference.lab.codes.gpu_tower import Say, moved

KINDS: dict[str, Callable[[Any], split.Tower]] = {
    "ViTForImageClassification": towers.ViTTower,
    "BlipForConditionalGeneration": towers.BlipTower,
    "BlipForQuestionAnswering": towers.BlipTower,
}
ENDINGS, FORMATS = (".jpg", ".jpeg", ".png", ".webp"), ("JPEG", "PNG", "WEBP")
VALUES = 120_000_000  # of features in memory: 790 photos for ViT-B/16 at 224, 270 for BLIP at 384
STEPS, EVALUATED = 200, 16  # EVALUATED photos are held out from training; the card's errors are measured on them
QUICK_PHOTOS, QUICK_STEPS = 6, 2


class LevelError(TypedDict):
    """One level in codec.json."""

    level: int
    bytes: int
    error: float


def make(
    name: str,
    photos: Path,
    out: Path | None,
    quick: bool,
    sizes: tuple[int, ...],
    say: Say = lambda share, what: None,
) -> Path:
    """-> the code's file. Computed on this machine's GPU if it works; where it fails, the processor starts over, with the split
    points that are finished. Raises SystemExit with the remedy for an unsuitable model or unsuitable photos."""
    folder = Path(name) if Path(name).is_dir() else _download(name)
    file, _ = torch_device.compute(lambda device: _make(folder, photos, out or folder, quick, sizes, say, device))
    return file


def _make(folder: Path, photos: Path, out: Path, quick: bool, sizes: tuple[int, ...], say: Say, device: torch.device) -> Path:
    tower, digest = _tower(folder, device)
    points = sorted({0, tower.depth // 6, tower.depth // 3})
    values = [tokens * width for tokens, width in map(tower.shape, points)]
    count = QUICK_PHOTOS if quick else max(QUICK_PHOTOS, VALUES // max(values))
    candidates = [file for file in sorted(photos.rglob("*")) if file.suffix.lower() in ENDINGS]
    files = even_sample(candidates, count)
    if len(files) < QUICK_PHOTOS:
        raise SystemExit(
            f"{photos} holds {len(files)} photos; name a folder with at least {QUICK_PHOTOS} JPEG, PNG or WebP files."
        )
    pixels = _pixels(files, folder, tower)
    held_out = max(2, min(EVALUATED, len(pixels) // 10))
    sizes = tuple(size for size in sizes if size <= min(values))  # a byte for each
    steps = QUICK_STEPS if quick else STEPS
    out.mkdir(parents=True, exist_ok=True)
    # The digest keeps a run from resuming with the state of another tower, other photos or other sizes.
    run = hashlib.sha256(repr((digest, sizes, steps, [str(file) for file in files])).encode()).hexdigest()[:8]
    state = {k: out / f".codec-{run}-{k}.npz" for k in points}
    say(0.0, f"{len(pixels)} photos through the whole tower, on the {'processor' if device.type == 'cpu' else 'GPU'}")
    target, levels, codes = tower_features(tower, pixels, None), {}, {}
    for number, (k, file) in enumerate(tqdm(state.items(), desc="split points")):
        say((number + 1) / (len(state) + 1), f"split after block {k}")
        features = tower_features(tower, pixels, k)
        codes[k] = fit.cached(file, partial(fit.learn, tower, features[held_out:], target[held_out:], k, steps, sizes))
        levels[str(k)] = errors(tower, learned_code.LearnedCode(codes[k], sizes), features[:held_out], target[:held_out], k)
    weights = sha256(weights_file(folder))
    learned_code.save(out / CODE, codes, sizes, digest, weights)
    card = {"tower": digest.hex(), "weights": weights, "photos": len(pixels) - held_out, "steps": steps, "levels": levels}
    (out / "codec.json").write_text(json.dumps(card, indent=1) + "\n")
    for file in state.values():
        file.unlink()
    return out / CODE


def errors(tower: split.Tower, code: learned_code.LearnedCode, features: Tensor, target: Tensor, k: int) -> list[LevelError]:
    """Squared error of the tower's output by level, relative to its variance; without labels there is no accuracy to measure.

    features, target [N, T, D]."""
    levels: list[LevelError] = []
    for level, size in enumerate(code.sizes, 1):
        decoded = torch.from_numpy(np.stack([code.decode(code.encode(photo, level), level) for photo in features.numpy()]))
        with torch.inference_mode():
            error = float((split.tail(tower, decoded, k) - target).square().mean() / target.var())
        levels.append({"level": level, "bytes": HEADER_BYTES + size, "error": round(error, 4)})
    return levels


@torch.inference_mode()
def tower_features(tower: split.Tower, pixels: Tensor, k: int | None) -> Tensor:
    """pixels [N, 3, S, S] -> features [N, T, D] at k, or after the whole tower. Four photos at a time, as large towers fill
    the memory.
    """
    parts = tqdm(pixels.split(4), desc="the whole tower" if k is None else f"features after block {k}", mininterval=5)
    return torch.cat([split.whole(tower, part) if k is None else split.head(tower, part, k) for part in parts])


def _tower(folder: Path, device: torch.device) -> tuple[split.Tower, bytes]:
    settings = config(folder) or {}
    kind = (settings.get("architectures") or ["no known architecture"])[0]
    if not has_weights(folder) or kind not in KINDS:
        raise SystemExit(f"{folder} holds {kind}; name a folder or model of the kind {', '.join(KINDS)}.")
    loaded = getattr(transformers, kind).from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    model = getattr(loaded, "vision_model", loaded.base_model).eval().requires_grad_(False)
    digest = towers.digest(model)
    return moved(KINDS[kind](model), model, device), digest


def _pixels(files: list[Path], folder: Path, tower: split.Tower) -> Tensor:
    to_pixels, rows = Pixels.read(folder, tower.image_size), []
    for file in files:
        try:
            with Image.open(file, formats=FORMATS) as image:
                rows.append(to_pixels(image))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise SystemExit(f"{file} is damaged or not a photo ({error}); remove it from the folder.") from None
    return torch.from_numpy(np.concatenate(rows))


def _download(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=list(fetch.PATTERNS)))
    except (OSError, ValueError) as error:  # the hub's errors are OSErrors, an invalid name is a ValueError
        raise SystemExit(f"{name} is neither a folder nor a model that can be downloaded from the hub ({error}).") from None
