"""The feature code of the bundled tower: `python -m inference.vision.training.codec` writes codec.safetensors and measures it.

Learned from training photos with the tower frozen: means and spreads of the features, and how much each direction matters to
the tower's output (the expected squared gradient of random probes of it, so of every task that looks at it). Then accuracy at
each split point and level, and of the photo itself at several qualities, goes into card.json. Takes a few minutes on two cores.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from tqdm import tqdm
from transformers import BertTokenizerFast
from transformers.utils import logging

from inference.vision import codec, photo_codec, split, towers
from inference.vision.catalogue import sha256
from inference.vision.training import bundle, crops, data, decode, fit, measure, score
from inference.vision.training.shape import Compact

POINTS = (0, 1, 2, 3, 4)
SIZES = (60, 124, 252, 508, 1020, 2012)  # payload bytes; with the header a little under 100 … 2048
PHOTOS = (("webp", 5), ("webp", 20), ("webp", 40), ("webp", 70), ("jpeg", 10), ("jpeg", 30), ("jpeg", 60), ("jpeg", 85))
LEARN_FROM, PROBED = 3000, 400
CLASSIFIED, CAPTIONED = 500, 150


@dataclass
class Examined:
    """Held-out photos with what is known of each: pixels [N, S, S, 3], and rows of names, captions and questions."""

    model: Compact
    tokenizer: BertTokenizerFast
    pixels: NDArray[np.uint8]
    labels: Tensor  # of the first CLASSIFIED photos
    references: list[list[str]]  # of the photos after those
    asked: list[tuple[int, str, str]]  # row in pixels, question, answer

    @torch.inference_mode()
    def accuracy(self, tokens: Tensor) -> dict[str, float]:
        """tokens [N, T, D] after the tower, for every photo -> accuracy by task."""
        first = len(self.labels)
        named = self.model.classify.classifier(tokens[:first, 0]).argmax(1) == self.labels
        said = decode.captions(self.model, self.tokenizer, tokens[first:])
        rows = [row for row, _, _ in self.asked]
        answers = decode.answers(self.model, self.tokenizer, tokens[rows], [question for _, question, _ in self.asked])
        right = [
            measure.plain(one.text) == measure.plain(wanted) for one, (_, _, wanted) in zip(answers, self.asked, strict=True)
        ]
        return {
            "classify": measure.share(named),
            "caption": round(score.bleu4(said, self.references), 4),
            "vqa": measure.share(right),
        }


def examined(model: Compact, tokenizer: BertTokenizerFast, root: Path) -> Examined:
    held = measure.Held(root)
    named, captioned = even(held.labelled(), CLASSIFIED), even(held.captions("test"), CAPTIONED)
    place = {name: len(named) + row for row, (name, _) in enumerate(captioned)}
    asked = [(place[name], q.text, q.answer) for q in held.made("test") if (name := f"flickr8k/images/{q.photo}") in place]
    pixels = held.pixels([name for name, _ in [*named, *captioned]])
    return Examined(
        model, tokenizer, pixels, torch.tensor([label for _, label in named]), [texts for _, texts in captioned], asked
    )


def even(rows: Sequence[Any], count: int) -> list[Any]:
    return [rows[n * len(rows) // count] for n in range(min(count, len(rows)))]


@torch.inference_mode()
def features(tower: split.Tower, pixels: NDArray[np.uint8], k: int) -> Tensor:
    """uint8 [N, S, S, 3] -> [N, T, D] at split point k."""
    parts = torch.from_numpy(pixels).permute(0, 3, 1, 2).split(100)
    return torch.cat([split.head(tower, crops.normalise(part), k) for part in parts])


@torch.inference_mode()
def finished(tower: split.Tower, given: Tensor, k: int) -> Tensor:
    return torch.cat([split.tail(tower, part, k) for part in given.split(100)])


def measure_levels(
    tower: split.Tower, exam: Examined, code: codec.LearnedCode, k: int, tick: Callable[[], object]
) -> list[dict[str, Any]]:
    given, found = features(tower, exam.pixels, k).numpy(), []
    for level, size in enumerate(code.sizes, 1):
        back = np.stack([code.decode(code.encode(one, level), level) for one in given])
        accuracy = exam.accuracy(finished(tower, torch.from_numpy(back), k))
        found.append({"level": level, "bytes": codec_packet(size), "accuracy": accuracy})
        tick()
    return found


def codec_packet(payload: int) -> int:
    from inference.vision.wire import HEADER_BYTES

    return HEADER_BYTES + payload


def measure_photos(tower: split.Tower, exam: Examined, tick: Callable[[], object]) -> list[dict[str, Any]]:
    """The same photos through JPEG and WebP at the model's size; `bytes` is the mean, as these codes have no fixed rate."""
    found = []
    for name, quality in PHOTOS:
        sent = [photo_codec.encode(Image.fromarray(one), name, quality, tower.image_size) for one in exam.pixels]
        back = np.stack([np.asarray(photo_codec.decode(one)) for one in sent])
        mean = round(float(np.mean([len(one) for one in sent])))
        found.append(
            {
                "codec": name,
                "quality": quality,
                "bytes": mean,
                "accuracy": exam.accuracy(finished(tower, features(tower, back, 0), 0)),
            }
        )
        tick()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=Path("inference/vision/weights/compact"))
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    root = data.data_dir()
    model, tokenizer = bundle.load(data.require(options.weights))
    tower = towers.ViTTower(model.classify.vit)
    names = [name for name, split_, _ in data.listing(root) if split_ == "train"]
    pixels = measure.Held(root).pixels(even(names, LEARN_FROM))
    bar = tqdm(total=len(POINTS) * (1 + len(SIZES)) + len(PHOTOS), mininterval=5)
    arrays = {}
    for k in POINTS:
        arrays[k] = fit.fit(tower, features(tower, pixels, k), k, 8 * max(SIZES), PROBED)
        bar.update()
    file = options.weights / "codec.safetensors"
    codec.save(
        file, arrays, SIZES, towers.digest(model.classify.vit), sha256(options.weights / "classify" / "model.safetensors")
    )
    codes, exam = codec.load(file), examined(model, tokenizer, root)
    levels = {str(k): measure_levels(tower, exam, codes[k], k, bar.update) for k in POINTS}
    write_card(options.weights / "card.json", levels, measure_photos(tower, exam, bar.update), exam, tower)


def write_card(file: Path, levels: dict[str, Any], photos: list[dict[str, Any]], exam: Examined, tower: split.Tower) -> None:
    """Adds to the card what was measured, beside the same photos uncompressed, so that levels compare with like."""
    card = json.loads(file.read_text())
    card["code"] = {"split_points": list(POINTS), "levels": levels, "full": exam.accuracy(finished(tower, features(tower, exam.pixels, 0), 0)),
                    "photos": len(exam.pixels), "questions": len(exam.asked), "measured": "python -m inference.vision.training.codec"}  # fmt: skip
    card["photo"] = photos
    card["digest"]["codec.safetensors"] = sha256(file.with_name("codec.safetensors"))
    part = file.with_suffix(".part")
    part.write_text(json.dumps(card, indent=1) + "\n")
    part.replace(file)


if __name__ == "__main__":
    main()
