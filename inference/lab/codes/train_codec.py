"""Feature codes: `python -m inference.lab.codes.train_codec` writes codec.safetensors of the bundled tower and measures it.

Learned from training photos with the tower frozen: means and spreads of the features, how much each direction matters to the
tower's output (the expected squared gradient of random probes of it) and to what the three tasks say (their Fisher information);
then, through the cells and by what the tasks say, the directions of both ends and the edge's restoring block. Accuracy at each
split point and level, of the photo itself at several qualities, and of answering first and refining when unsure (chosen on dev
photos) goes into card.json. About an hour of one core; a split point that is learned is kept.

With `--tower MODEL_NAME_OR_FOLDER --photos FOLDER` a code for any ViT, ResNet or BLIP of transformers, from unlabelled photos alone.
"""

import argparse
import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from tqdm import tqdm
from transformers.utils import logging

from devices.contract.wire import HEADER_BYTES
from inference.engine import split, towers
from inference.engine.catalogue import CODE, WEIGHTS, sha256
from inference.engine.codecs import feature_code, photo_codec
from inference.lab.codes import custom_codec, fit, refine, task_divergence
from inference.lab.codes.codec_eval import Answered, Examined, even, examined, features, finished
from inference.lab.data import photo_sets
from inference.lab.measures import measure
from inference.lab.tower import bundle

POINTS = (1, 2, 4)
STEPS = 2000  # through the cells
WHOLE = (64, 90, 128, 180, 256, 360, 512, 1024, 2048, 4096)  # half octaves where accuracy still rises, octaves above
SIZES = tuple(whole - HEADER_BYTES for whole in WHOLE)  # payload bytes
REFINED = 7  # levels from the lowest on that take part in answering first; those above add nothing
PHOTOS = (("webp", 5), ("webp", 20), ("webp", 40), ("webp", 70), ("jpeg", 10), ("jpeg", 30), ("jpeg", 60), ("jpeg", 85))
LEARN_FROM = 9000  # every second of them mirrored
QUICK = 40
TASKS = ("classify", "caption", "vqa")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=WEIGHTS / "compact", help="the bundled models' folder")
    parser.add_argument("--tower", help="another model instead: a name on the hub or a folder")
    parser.add_argument("--photos", type=Path, help="with --tower: a folder of photos to learn from")
    parser.add_argument("--out", type=Path, help="with --tower: where to write, the model's own folder when left out")
    parser.add_argument("--run", type=Path, default=Path("var/codec"), help="where what is learned is kept")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="few photos and steps: to see it run, not to use it")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if bool(options.tower) != bool(options.photos):
        parser.error("--tower and --photos go together: name the model and a folder of photos to learn from.")
    if options.tower:
        custom_codec.make(options.tower, options.photos, options.out, options.quick, SIZES)
    else:
        bundled(photo_sets.require(options.weights), options.quick, options.run)


def bundled(folder: Path, quick: bool, state: Path) -> None:
    root, card = photo_sets.data_dir(), json.loads((folder / "card.json").read_text())
    model, tokenizer = bundle.load(folder)
    tower, held = towers.ResNetTower(model.classify.resnet), measure.Held(root)
    chosen = even(
        [name for name, split_, _ in photo_sets.listing(root) if split_ == "train"], 2 * QUICK if quick else LEARN_FROM
    )
    pixels = held.pixels(chosen)
    pixels[1::2] = pixels[1::2, :, ::-1].copy()
    prompts = task_divergence.Prompts.read(root, tokenizer, chosen, [row % 2 == 1 for row in range(len(chosen))])
    weights = sha256(folder / "classify" / "model.safetensors")
    codes = learned(
        tower,
        pixels,
        partial(task_divergence.Tails, model, prompts),
        state,
        [sha256(folder / task / "model.safetensors") for task in TASKS],
        quick,
    )
    feature_code.save(folder / CODE, codes, SIZES, towers.digest(model.classify.resnet), weights)
    _tell(folder, {})
    heat = {task: float(told["temperature"]) for task, told in card["tasks"].items()}
    shown = measure.Held(root, QUICK if quick else None)
    test, dev = (examined(model, tokenizer, heat, shown, name) for name in ("test", "dev"))
    levels, refined = measured(tower, test, dev, feature_code.load(folder / CODE))
    told = {"split_points": list(POINTS), "levels": levels, "refine": refined,
            "full": test.accuracy(finished(tower, features(tower, test.pixels, 0), 0)), "photos": len(test.pixels),
            "questions": len(test.asked), "measured": "python -m inference.lab.codes.train_codec"}  # fmt: skip
    _tell(folder, {"code": told, "photo": measure_photos(tower, test)})


def _tell(folder: Path, more: dict[str, Any]) -> None:
    """Others add to the card under their own keys, and may do so meanwhile."""
    card = json.loads((folder / "card.json").read_text()) | more
    card["digest"][CODE] = sha256(folder / CODE)
    part = folder / "card.part"
    part.write_text(json.dumps(card, indent=1) + "\n")
    part.replace(folder / "card.json")


def learned(
    tower: split.Tower,
    pixels: NDArray[np.uint8],
    tasks: Callable[[Tensor], task_divergence.Tails],
    state: Path,
    weights: list[str],
    quick: bool,
) -> dict[int, fit.Arrays]:
    """By split point. Each is kept once it is learned, so that a stopped run goes on."""
    found = {}
    for k in POINTS:
        steps = STEPS // 200 if quick else STEPS
        name = hashlib.sha256(
            repr((weights, SIZES, steps, len(pixels), task_divergence.WEIGHTS, fit.OUTPUT)).encode()
        ).hexdigest()[:8]
        found[k] = fit.kept(state / f"{name}-{k}.npz", partial(_learn, tower, pixels, k, steps, tasks))
    return found


def _learn(
    tower: split.Tower, pixels: NDArray[np.uint8], k: int, steps: int, tasks: Callable[[Tensor], task_divergence.Tails]
) -> fit.Arrays:
    given = features(tower, pixels, k)
    wanted = finished(tower, given, k)
    return fit.learn(tower, given, wanted, k, steps, SIZES, tasks(wanted))


def measured(
    tower: split.Tower, test: Examined, dev: Examined, codes: dict[int, feature_code.LearnedCode]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """-> the card's levels by split point and ways to refine by task."""
    levels: dict[str, Any] = {}
    ways: dict[str, list[dict[str, Any]]] = {task: [] for task in TASKS}
    for k, code in tqdm(codes.items(), desc="measuring", mininterval=5):
        held, tried = answers(tower, test, code, k, len(code.sizes)), answers(tower, dev, code, k, REFINED)
        levels[str(k)] = [
            {"level": n, "bytes": packet(code, 0, n), "accuracy": {task: round(one.accuracy, 4) for task, one in found.items()}}
            for n, found in enumerate(held, 1)
        ]
        for task, entries in ways.items():
            size = partial(packet, code)
            chosen = refine.choose([one[task] for one in tried], size)
            entries += [refine.entry(k, way, [one[task] for one in held], size) for way in chosen]
    return levels, ways


def answers(
    tower: split.Tower, exam: Examined, code: feature_code.LearnedCode, k: int, levels: int
) -> list[dict[str, Answered]]:
    """Of each level from the lowest on, through the very code that nodes run."""
    payloads, found = [code.encode(one, levels) for one in features(tower, exam.pixels, k).numpy()], []
    for level, size in enumerate(code.sizes[:levels], 1):
        back = np.stack([code.decode(payload[:size], level) for payload in payloads])
        found.append(exam.answers(finished(tower, torch.from_numpy(back), k)))
    return found


def packet(code: feature_code.LearnedCode, after: int, level: int) -> int:
    """Bytes on the link for what `level` has and `after` lacks."""
    return HEADER_BYTES + code.sizes[level - 1] - (code.sizes[after - 1] if after else 0)


def measure_photos(tower: split.Tower, exam: Examined) -> list[dict[str, Any]]:
    """The same photos through JPEG and WebP at the model's size; `bytes` is the mean, as these codes have no fixed rate."""
    found = []
    for name, quality in tqdm(PHOTOS, desc="photos", mininterval=5):
        sent = [photo_codec.encode(Image.fromarray(one), name, quality, tower.image_size) for one in exam.pixels]
        back = np.stack([np.asarray(photo_codec.decode(one)) for one in sent])
        mean = round(float(np.mean([len(one) for one in sent])))
        accuracy = exam.accuracy(finished(tower, features(tower, back, 0), 0))
        found.append({"codec": name, "quality": quality, "bytes": mean, "accuracy": accuracy})
    return found


if __name__ == "__main__":
    main()
