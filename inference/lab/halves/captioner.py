"""Trains the captioner on the frozen tower's features: `python -m inference.lab.halves.captioner --minutes 60`.

Each step has all five captions of some training photos, one random view of each. A tenth of the places is hidden from the
adapter. Words: cross-entropy with label smoothing.
"""

import argparse
import random
from pathlib import Path

import torch
from torch import Tensor
from transformers import BertTokenizerFast

from inference.engine.towers import EfficientNetTower
from inference.lab.data import photo_sets, texts, tokens
from inference.lab.halves import bundle
from inference.lab.halves.features import Features
from inference.lab.halves.run import Run
from inference.lab.halves.shape import Captioner, Vocabulary
from inference.lab.measures import decode, score

PHOTOS, CAPTIONS, LONGEST = 24, 5, 17  # photos per step, captions of each, words of a caption
HIDDEN = 0.1  # share of the places
REPORTED = 200  # dev photos


class CaptionBatches:
    """Step n depends on the seed and n alone."""

    def __init__(self, features: Features, root: Path, tokenizer: BertTokenizerFast, seed: int) -> None:
        self.features, self.seed = features, seed
        start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
        captioned, self.captions = texts.training_captions(root), dict[int, list[list[int]]]()
        for (name, _), ids in zip(captioned, tokens.ids(tokenizer, [text for _, text in captioned]), strict=True):
            self.captions.setdefault(features.place[name], []).append([start, *ids[:LONGEST], end])
        self.rows = sorted(self.captions)

    def __call__(self, step: int, photos: int = PHOTOS) -> tuple[Tensor, Tensor, list[int]]:
        """-> the tower's tokens [photos, T, D], caption ids [photos * CAPTIONS, L] and rows."""
        chance = random.Random(f"{self.seed}/{step}")
        rows = chance.sample(self.rows, photos)
        seen = self.features(rows, [chance.randrange(len(self.features.views)) for _ in rows])
        captions = [self.captions[row][n % len(self.captions[row])] for row in rows for n in range(CAPTIONS)]
        return hide(seen, step), tokens.pad(captions, [], lengths=LONGEST + 2, counts=1), rows


def hide(seen: Tensor, step: int) -> Tensor:
    """Sets some places of the last map to zero, also for their mean. seen [B, 1 + S² + 4S², D]."""
    places = (seen.shape[1] - 1) // 5
    kept = torch.rand((len(seen), places, 1), generator=torch.Generator().manual_seed(step)) >= HIDDEN
    last = seen[:, 1 : 1 + places] * kept
    return torch.cat([last.mean(1, keepdim=True), last, seen[:, 1 + places :]], 1)


def report(model: Captioner, features: Features, root: Path, tokenizer: BertTokenizerFast, count: int) -> dict[str, object]:
    """On Flickr8k's dev photos."""
    rows = [item for item in photo_sets.captions(root) if item["split"] == "dev"][:count]
    places = [features.place[f"flickr8k/images/{item['image']}"] for item in rows]
    written: list[str] = []
    for at in range(0, len(rows), decode.BATCH):
        part = places[at : at + decode.BATCH]
        written += decode.captions(model, tokenizer, features(part, [0] * len(part)))
    references = [[texts.clean(text) for text in item["captions"]] for item in rows]
    return {"bleu4": round(score.bleu4(written, references), 4), "cider": round(score.cider(written, references), 4),
            "example": written[0]}  # fmt: skip


def tokenizer_of(folder: Path, root: Path) -> BertTokenizerFast:
    """Trained once: a resumed run keeps the vocabulary of its weights."""
    if not folder.exists():
        questions = [part for _, q in texts.training_questions(root) for part in (q.text, q.answer)]
        tokens.learn([*(text for _, text in texts.training_captions(root)), *questions]).save_pretrained(folder)
    return BertTokenizerFast.from_pretrained(folder)


def parser(doc: str | None, minutes: float) -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--minutes", type=float, default=minutes, help=f"duration of the schedule (default {minutes:g})")
    options.add_argument("--rate", type=float, default=1e-3, help="peak learning rate (default 0.001)")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--run", type=Path, default=Path("var/training"), help="the folder of the features")
    return options


def new(tokenizer: BertTokenizerFast, seed: int) -> Captioner:
    torch.manual_seed(seed)
    start, end = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]"])
    tower = EfficientNetTower(bundle.network(), photo_sets.SIDE)
    return Captioner(tower, Vocabulary(len(tokenizer), 0, start, end))


def main() -> None:
    options = parser(__doc__, 60).parse_args()
    torch.set_num_threads(options.threads)
    root = photo_sets.data_dir()
    tokenizer = tokenizer_of(options.run / "tokenizer", root)
    seen, dev = (Features(options.run / "features", root, split) for split in ("train", "dev"))
    batches, model = CaptionBatches(seen, root, tokenizer, options.seed), new(tokenizer, options.seed)
    run, averaged = Run(model, options.run / "caption", options.minutes, options.rate), new(tokenizer, options.seed).eval()

    def losses(step: int) -> dict[str, Tensor]:
        tokens_, ids, _ = batches(step)
        return {"caption": model.loss(model.adapter(tokens_).repeat_interleave(CAPTIONS, 0), ids)}

    def dev_report() -> dict[str, object]:
        averaged.load_state_dict(run.average)
        return report(averaged, dev, root, tokenizer, REPORTED)

    run.train(losses, dev_report)


if __name__ == "__main__":
    main()
