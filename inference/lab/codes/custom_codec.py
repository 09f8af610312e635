"""A code for a tower that is not bundled: any ViT, ResNet or BLIP of transformers, from unlabelled photos with the tower as teacher.

Writes codec.safetensors and codec.json beside the model, where its profile finds them. Each finished split point is kept in a
state file, so a run that was stopped goes on with the next one; the state goes when the code is whole.
"""

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from devices.contract.wire import HEADER_BYTES
from inference.engine import fetch, split, towers
from inference.engine.catalogue import CODE, sha256
from inference.engine.codecs import feature_code
from inference.engine.model_files import config, has_weights, weights_file
from inference.engine.pixels import Pixels
from inference.lab.codes import fit
from inference.lab.codes.codec_eval import even

KINDS: dict[str, Callable[[Any], split.Tower]] = {
    "ViTForImageClassification": towers.ViTTower,
    "ResNetForImageClassification": towers.ResNetTower,
    "BlipForConditionalGeneration": towers.BlipTower,
    "BlipForQuestionAnswering": towers.BlipTower,
}
ENDINGS, FORMATS = (".jpg", ".jpeg", ".png", ".webp"), ("JPEG", "PNG", "WEBP")
VALUES = 120_000_000  # of features in memory: 790 photos for ViT-B/16 at 224, 270 for BLIP at 384
STEPS, EXAMINED = 200, 16  # EXAMINED photos are kept from learning; the card's errors are measured on them
QUICK_PHOTOS, QUICK_STEPS = 6, 2


def make(name: str, photos: Path, out: Path | None, quick: bool, sizes: tuple[int, ...]) -> Path:
    """-> the code's file. Raises SystemExit, a sentence with the remedy, for a model or photos that will not do."""
    folder = Path(name) if Path(name).is_dir() else _fetched(name)
    tower, digest = _tower(folder)
    points = sorted({0, tower.depth // 6, tower.depth // 3})
    values = [tokens * width for tokens, width in map(tower.shape, points)]
    count = QUICK_PHOTOS if quick else max(QUICK_PHOTOS, VALUES // max(values))
    found = [file for file in sorted(photos.rglob("*")) if file.suffix.lower() in ENDINGS]
    files = even(found, count)
    if len(files) < QUICK_PHOTOS:
        raise SystemExit(
            f"{photos} holds {len(files)} photos; name a folder with at least {QUICK_PHOTOS} JPEG, PNG or WebP files."
        )
    pixels = _pixels(files, folder, tower)
    held = max(2, min(EXAMINED, len(pixels) // 10))
    sizes = tuple(size for size in sizes if size <= min(values) * feature_code.BITS // 8)
    out, steps = out or folder, QUICK_STEPS if quick else STEPS
    out.mkdir(parents=True, exist_ok=True)
    # Another tower's state, or one from other photos or sizes, is not gone on with.
    run = hashlib.sha256(repr((digest, sizes, steps, [str(file) for file in files])).encode()).hexdigest()[:8]
    state = {k: out / f".codec-{run}-{k}.npz" for k in points}
    wanted, levels, codes = seen(tower, pixels, None), {}, {}
    for k, file in tqdm(state.items(), desc="split points"):
        given = seen(tower, pixels, k)
        codes[k] = fit.kept(file, partial(fit.learn, tower, given[held:], wanted[held:], k, steps, sizes))
        levels[str(k)] = errors(tower, feature_code.LearnedCode(codes[k], sizes), given[:held], wanted[:held], k)
    weights = sha256(weights_file(folder))
    feature_code.save(out / CODE, codes, sizes, digest, weights)
    card = {"tower": digest.hex(), "weights": weights, "photos": len(pixels) - held, "steps": steps, "levels": levels}
    (out / "codec.json").write_text(json.dumps(card, indent=1) + "\n")
    for file in state.values():
        file.unlink()
    return out / CODE


def errors(tower: split.Tower, code: feature_code.LearnedCode, given: Tensor, wanted: Tensor, k: int) -> list[dict[str, Any]]:
    """Of each level: the squared error of the tower's output, relative to its variance; there are no labels to be right about."""
    told = []
    for level, size in enumerate(code.sizes, 1):
        back = torch.from_numpy(np.stack([code.decode(code.encode(one, level), level) for one in given.numpy()]))
        with torch.inference_mode():
            error = float((split.tail(tower, back, k) - wanted).square().mean() / wanted.var())
        told.append({"level": level, "bytes": HEADER_BYTES + size, "error": round(error, 4)})
    return told


@torch.inference_mode()
def seen(tower: split.Tower, pixels: Tensor, k: int | None) -> Tensor:
    """pixels [N, 3, S, S] -> features [N, T, D] at k, or after the whole tower. Four photos at once: large towers fill the memory."""
    parts = tqdm(pixels.split(4), desc="the whole tower" if k is None else f"features after block {k}", mininterval=5)
    return torch.cat([split.whole(tower, part) if k is None else split.head(tower, part, k) for part in parts])


def _tower(folder: Path) -> tuple[split.Tower, bytes]:
    told = config(folder) or {}
    kind = (told.get("architectures") or ["nothing that is known"])[0]
    if not has_weights(folder) or kind not in KINDS:
        raise SystemExit(f"{folder} holds {kind}; name a folder or model of the kind {', '.join(KINDS)}.")
    whole = getattr(transformers, kind).from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    model = getattr(whole, "vision_model", whole.base_model).eval().requires_grad_(False)
    return KINDS[kind](model), towers.digest(model)


def _pixels(files: list[Path], folder: Path, tower: split.Tower) -> Tensor:
    to_pixels, rows = Pixels.read(folder, tower.image_size), []
    for file in files:
        try:
            with Image.open(file, formats=FORMATS) as image:
                rows.append(to_pixels(image))
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise SystemExit(f"{file} is not a whole photo ({error}); take it out of the folder.") from None
    return torch.from_numpy(np.concatenate(rows))


def _fetched(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=fetch.PATTERNS))
    except (OSError, ValueError) as error:  # the hub's errors are OSErrors; a name that is none is a ValueError
        raise SystemExit(f"{name} is neither a folder nor a model that the hub gives out ({error}).") from None
