"""Trains the feature codes: `python -m inference.lab.codes.train_codec` writes and evaluates the bundled tower's
codec.safetensors.

Learned from training photos with the tower frozen: means and standard deviations of the features, the importance of each
direction to the tower's output (expected squared gradient of random probes) and to the three tasks (Fisher information of
their outputs); then, through the quantiser and from the task outputs, the transforms of both ends and the edge's dequantiser
block. The accuracy of each split point and level, of the photo itself at several qualities, and of answering first and
refining when unsure (chosen on dev photos) goes into card.json. Takes about an hour on one core; a finished split point is
stored, so a stopped run resumes.

With `--tower MODEL_NAME_OR_FOLDER --photos FOLDER` a code for any ViT or BLIP of transformers, from unlabelled photos
alone.
"""

import argparse
import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

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
from inference.engine.codecs import learned_code, photo_codec
from inference.engine.doubt import Calibration
from inference.engine.model_files import weights_file
from inference.lab.codes import custom_codec, fit, refine, task_divergence, train_dequantiser
from inference.lab.codes.codec_eval import EvaluationSet, TaskAnswers, evaluation_set, even_sample, features, tower_output
from inference.lab.codes.task_divergence import TaskDivergence
from inference.lab.data import crops, photo_sets
from inference.lab.halves import bundle
from inference.lab.measures import measure

POINTS = (8,)  # 42 % of the network's time on one core; earlier there are four times as many places, which take the edge long
STEPS = 3000  # through the quantiser
PACKET_SIZES = (64, 90, 128, 180, 256, 360, 512, 1024, 2048, 4096)  # half octaves where accuracy still rises, then octaves
SIZES = tuple(size - HEADER_BYTES for size in PACKET_SIZES)  # payload bytes
REFINED = 7  # lowest levels that take part in answer-then-refine; higher ones add nothing
PHOTOS = (("webp", 5), ("webp", 20), ("webp", 40), ("webp", 70), ("jpeg", 10), ("jpeg", 30), ("jpeg", 60), ("jpeg", 85))
TRAINING_PHOTOS = 8000  # of every second one a random crop; the tower's output of each takes 0.8 MB
CROP = 2  # which view of a photo
QUICK = 40
TASKS = ("classify", "caption", "vqa")
Cut = tuple[Path, crops.View]


class LevelEntry(TypedDict):
    """One level in the card's `code.levels`."""

    level: int
    bytes: int
    accuracy: dict[str, float]


class PhotoEntry(TypedDict):
    """One photo codec and quality in the card's `photo`."""

    codec: str
    quality: int
    bytes: int
    accuracy: dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=WEIGHTS / "compact", help="the bundled models' folder")
    parser.add_argument("--tower", help="another model instead: a name on the hub or a folder")
    parser.add_argument("--photos", type=Path, help="with --tower: a folder of photos to train on")
    parser.add_argument("--out", type=Path, help="with --tower: where to write (default: the model's own folder)")
    parser.add_argument("--run", type=Path, default=Path("var/codec"), help="where finished split points are stored")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json-progress", action="store_true", help="with --tower: a line of JSON for each part of the work")
    parser.add_argument("--end-with-stdin", action="store_true", help="end when standard input is closed")
    parser.add_argument("--only", type=int, choices=POINTS, help="train and store this split point, and end: one for each core")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"through the quantiser (default {STEPS})")
    parser.add_argument("--start", type=Path, help="an earlier code.safetensors, whose dequantisers to start from")
    parser.add_argument("--quick", action="store_true", help="few photos and steps: a trial run, not for use")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if bool(options.tower) != bool(options.photos):
        parser.error("--tower and --photos go together: name the model and a folder of photos to train on.")
    if options.end_with_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    if options.tower:
        say = _say if options.json_progress else (lambda share, what: None)
        custom_codec.make(options.tower, options.photos, options.out, options.quick, SIZES, say)
    else:
        train_bundled(photo_sets.require(options.weights), options)


def _say(share: float, what: str) -> None:
    print(json.dumps({"share": share, "what": what}), flush=True)


def _end_with_stdin() -> None:
    """Whoever started this is gone. Finished split points are stored."""
    sys.stdin.read()
    os._exit(0)


def train_bundled(folder: Path, options: argparse.Namespace) -> None:
    quick, root, card = options.quick, photo_sets.data_dir(), json.loads((folder / "card.json").read_text())
    model, tokenizer = bundle.load(folder)
    tower = model.tower
    names = [name for name, part, _ in photo_sets.listing(root) if part == "train"]
    sampled = even_sample(names, 2 * QUICK if quick else TRAINING_PHOTOS)
    views = [crops.view(name, CROP if row % 2 else crops.WHOLE) for row, name in enumerate(sampled)]
    cuts = [(root / name, view) for name, view in zip(sampled, views, strict=True)]
    prompts = task_divergence.Prompts.read(root, tokenizer, sampled, [view.mirrored for view in views])
    digests = [sha256(weights_file(folder / "classify"))]  # a code serves other text halves on the same tower, too
    points = (options.only,) if options.only else POINTS
    codes = train_split_points(tower, cuts, points, partial(TaskDivergence, model, prompts), digests, options)
    if options.only:
        return
    weights = sha256(weights_file(folder / "classify"))
    learned_code.save(folder / CODE, codes, SIZES, towers.digest(model.tower.weights), weights)
    _update_card(folder, {})
    calibrations = {task: Calibration.of(entry) for task, entry in card["tasks"].items()}
    held_out = measure.HeldOut(root, QUICK if quick else None)
    test, dev = (evaluation_set(model, tokenizer, calibrations, held_out, part) for part in ("test", "dev"))
    levels, modes = evaluate(tower, test, dev, learned_code.load(folder / CODE))
    entry = {"split_points": list(POINTS), "levels": levels, "refine": modes,
             "full": test.accuracy(tower_output(tower, features(tower, test.pixels, 0), 0)), "photos": len(test.pixels),
             "questions": len(test.questions), "measured": "python -m inference.lab.codes.train_codec"}  # fmt: skip
    _update_card(folder, {"code": entry, "photo": evaluate_photo_codecs(tower, test)})


def _cut(file: Path, view: crops.View) -> NDArray[np.uint8]:
    with Image.open(file) as image:
        return crops.cut(image, view)


def _update_card(folder: Path, entries: dict[str, object]) -> None:
    """Reads the card again first: other programs may have added keys of their own meanwhile."""
    card = json.loads((folder / "card.json").read_text()) | entries
    card["digest"][CODE] = sha256(folder / CODE)
    part = folder / "card.part"
    part.write_text(json.dumps(card, indent=1) + "\n")
    part.replace(folder / "card.json")


def train_split_points(
    tower: split.Tower,
    cuts: Sequence[Cut],
    points: Sequence[int],
    tasks: Callable[[Tensor], TaskDivergence],
    weights: list[str],
    options: argparse.Namespace,
) -> dict[int, fit.Arrays]:
    """By split point. Each is stored when finished, so that a stopped run resumes."""
    arrays, start = {}, learned_code.load(options.start) if options.start else {}
    for k in points:
        steps = STEPS // 200 if options.quick else options.steps
        shape = train_dequantiser.BLOCKS, train_dequantiser.HIDDEN, train_dequantiser.WIDE
        recipe = (weights, SIZES, steps, len(cuts), task_divergence.WEIGHTS, fit.OUTPUT, shape, train_dequantiser.LEVEL_BIAS,
                  train_dequantiser.TRANSFORM_RATE, options.start and sha256(options.start))  # fmt: skip
        name = hashlib.sha256(repr(recipe).encode()).hexdigest()[:8]
        file = options.run / f"{name}-{k}.npz"
        arrays[k] = fit.cached(file, partial(_train, tower, cuts, k, steps, tasks, file.with_suffix(""), start.get(k)))
    return arrays


def _train(
    tower: split.Tower, cuts: Sequence[Cut], k: int, steps: int, tasks: Callable[[Tensor], TaskDivergence], state: Path,
    start: learned_code.LearnedCode | None,
) -> fit.Arrays:  # fmt: skip
    original = features(tower, np.stack([_cut(file, view) for file, view in cuts]), k)
    target = torch.cat([tower_output(tower, part, k).half() for part in original.split(100)])
    block = start.restorer.of if start and start.restorer else None
    return fit.learn(tower, original, target, k, steps, SIZES, tasks(target), state, block)


def evaluate(
    tower: split.Tower, test: EvaluationSet, dev: EvaluationSet, codes: dict[int, learned_code.LearnedCode]
) -> tuple[dict[str, list[LevelEntry]], dict[str, list[refine.Mode]]]:
    """-> the card's levels by split point, and its modes to refine by task."""
    levels: dict[str, list[LevelEntry]] = {}
    modes: dict[str, list[refine.Mode]] = {task: [] for task in TASKS}
    for k, code in tqdm(codes.items(), desc="evaluate", mininterval=5):
        on_test, on_dev = answers(tower, test, code, k, len(code.sizes)), answers(tower, dev, code, k, REFINED)
        levels[str(k)] = [
            {"level": n, "bytes": packet(code, 0, n), "accuracy": {task: round(a.accuracy, 4) for task, a in by_task.items()}}
            for n, by_task in enumerate(on_test, 1)
        ]
        for task, entries in modes.items():
            size = partial(packet, code)
            chosen = refine.choose([by_task[task] for by_task in on_dev], size)
            entries += [refine.entry(k, mode, [by_task[task] for by_task in on_test], size) for mode in chosen]
    return levels, modes


def answers(
    tower: split.Tower, photos: EvaluationSet, code: learned_code.LearnedCode, k: int, levels: int
) -> list[dict[str, TaskAnswers[Any]]]:
    """By level from the lowest on, through the same code that nodes run."""
    payloads, by_level = [code.encode(photo, levels) for photo in features(tower, photos.pixels, k).numpy()], []
    for level, size in enumerate(code.sizes[:levels], 1):
        decoded = np.stack([code.decode(payload[:size], level) for payload in payloads])
        by_level.append(photos.answers(tower_output(tower, torch.from_numpy(decoded), k)))
    return by_level


def packet(code: learned_code.LearnedCode, after: int, level: int) -> int:
    """Bytes on the link for what `level` adds to level `after`, header included."""
    return HEADER_BYTES + code.sizes[level - 1] - (code.sizes[after - 1] if after else 0)


def evaluate_photo_codecs(tower: split.Tower, photos: EvaluationSet) -> list[PhotoEntry]:
    """The same photos through JPEG and WebP at the model's size; `bytes` is the mean, as these codecs have no fixed rate."""
    entries: list[PhotoEntry] = []
    for name, quality in tqdm(PHOTOS, desc="photo codecs", mininterval=5):
        files = [photo_codec.encode(Image.fromarray(photo), name, quality, tower.image_size) for photo in photos.pixels]
        decoded = np.stack([np.asarray(photo_codec.decode(file)) for file in files])
        mean = round(float(np.mean([len(file) for file in files])))
        accuracy = photos.accuracy(tower_output(tower, features(tower, decoded, 0), 0))
        entries.append({"codec": name, "quality": quality, "bytes": mean, "accuracy": accuracy})
    return entries


if __name__ == "__main__":
    main()
