"""Fine-tune the text decoders on the frozen tower: `python -m inference.lab.tower.text_heads --minutes 25`.

After `train`, before `export`. With the tower frozen, each crop is encoded once and its tokens are kept in memory, so a step
costs a third of one in `train`: captions and generated questions of many photos, people's questions (DAQUAR), and the same
questions without the photo, as the prior has to be learned before a photo can correct it. A fifth of the tokens is dropped in
each step. Updates `checkpoint.pt` of the same run, which `export` reads.
"""

import argparse
import json
import random
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm
from transformers import BertTokenizerFast

from inference.lab.data import crops, photo_sets, tokens
from inference.lab.data import texts as language
from inference.lab.data.texts import QuestionAnswer
from inference.lab.measures import decode, measure
from inference.lab.tower import train
from inference.lab.tower.checkpoint import average
from inference.lab.tower.shape import Compact, Vocabulary

WHOLE = -1  # stands for the uncropped photo
CROPS = (WHOLE, 7, 9)
DROPPED = 0.2  # share of the tokens
CAPTIONS, GENERATED, PEOPLE, BLIND = 64, 128, 32, 16  # per step; BLIND: people's questions without their photo
RATE = 1.2e-3


class Accuracy(TypedDict):
    """Share of questions answered exactly."""

    generated: float
    people: float


@dataclass
class EncodedPhotos:
    """The tower's tokens of every photo with texts, in half precision: [crops, N, T, WIDTH]."""

    place: dict[int, int]  # row of the photo array -> n
    tokens: Tensor
    mirrored: NDArray[np.bool_]  # [crops, N]


@torch.inference_mode()
def encode(model: Compact, photos: photo_sets.Photos, rows: Sequence[int]) -> EncodedPhotos:
    parts, mirrored = [], np.zeros((len(CROPS), len(rows)), bool)
    for number, crop in enumerate(CROPS):
        for start in tqdm(range(0, len(rows), decode.BATCH), desc=f"crop {crop}", mininterval=5):
            batch = rows[start : start + decode.BATCH]
            drawn = [
                crops.draw(row, crop)
                if crop != WHOLE
                else (np.array([0, 0, photo_sets.SIDE, photo_sets.SIDE], np.uint8), False)
                for row in batch
            ]
            mirrored[number, start : start + len(batch)] = [flip for _, flip in drawn]
            pixels = crops.batch([crops.cut(photos.pixels[row], *box) for row, box in zip(batch, drawn, strict=True)])
            parts.append(model.tokens(crops.normalise(pixels)).half())
    encoded = torch.cat(parts).unflatten(0, (len(CROPS), len(rows)))
    return EncodedPhotos({row: place for place, row in enumerate(rows)}, encoded, mirrored)


@dataclass
class TextBatches:
    """Draws the texts of a step and their losses. Step n depends on the seed and n alone."""

    photos: EncodedPhotos
    texts: language.Texts
    vocabulary: Vocabulary
    first: int  # [CLS]
    seed: int
    captioned: list[int] = field(init=False)  # rows, like the next two
    generated: list[int] = field(init=False)
    people: list[int] = field(init=False)
    people_pairs: list[QuestionAnswer] = field(init=False)

    def __post_init__(self) -> None:
        self.captioned = sorted(self.texts.captions)
        self.generated = sorted(set(self.texts.captions) & set(self.texts.pairs))
        self.people = sorted(set(self.texts.pairs) - set(self.texts.captions))
        self.people_pairs = [pair for row in self.people for pair in self.texts.pairs[row]]

    def losses(self, model: Compact, step: int) -> dict[str, Tensor]:
        chance = random.Random(f"{self.seed}/{step}")
        noise = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        losses = {}
        for name, rows, count in (("generated", self.generated, GENERATED), ("people", self.people, PEOPLE)):
            drawn = [(row, chance.randrange(len(CROPS))) for row in chance.choices(rows, k=count)]
            pairs = [(at, pair) for at in drawn for pair in self._pairs(at, chance)]
            losses[name] = self._answer_loss(model, self._tokens([at for at, _ in pairs], noise), [pair for _, pair in pairs])
        drawn = [(row, chance.randrange(len(CROPS))) for row in chance.choices(self.captioned, k=CAPTIONS)]
        seen = self._tokens(drawn, noise)
        losses["captions"] = self._caption_loss(model, seen, [chance.choice(self.texts.captions[row]) for row, _ in drawn])
        blind = chance.choices(self.people_pairs, k=BLIND)
        # To attention, one zero token is the same as all tokens dropped.
        losses["blind"] = self._answer_loss(model, torch.zeros(BLIND, 1, self.photos.tokens.shape[-1]), blind)
        return losses

    def _pairs(self, at: tuple[int, int], chance: random.Random) -> list[QuestionAnswer]:
        row, crop = at
        mirrored = bool(self.photos.mirrored[crop, self.photos.place[row]])
        pairs = (self.texts.mirrored if mirrored else self.texts.pairs).get(row, [])
        return chance.sample(pairs, min(1, len(pairs)))

    def _tokens(self, at: Sequence[tuple[int, int]], noise: torch.Generator) -> Tensor:
        seen = self.photos.tokens[[crop for _, crop in at], [self.photos.place[row] for row, _ in at]].float()
        return seen * (torch.rand(seen.shape[:2], generator=noise)[..., None] >= DROPPED)

    def _caption_loss(self, model: Compact, seen: Tensor, captions: Sequence[list[int]]) -> Tensor:
        start, end = self.vocabulary.start, self.vocabulary.end
        return model.caption_loss(seen, tokens.pad([[start, *words, end] for words in captions], [start], counts=1))

    def _answer_loss(self, model: Compact, seen: Tensor, pairs: Sequence[QuestionAnswer]) -> Tensor:
        start, end = self.vocabulary.start, self.vocabulary.end
        questions = tokens.pad([[self.first, *words, end] for words, _ in pairs], [self.first], counts=1)
        answers = tokens.pad([[start, *words, end] for _, words in pairs], [start], lengths=4, counts=1)
        return model.answer_loss(seen, questions, answers)


def learn(
    model: Compact, batches: TextBatches, minutes: float, rate: float = RATE, steps: int | None = None
) -> tuple[Compact, int]:
    """-> (moving average of the model, steps). `steps` instead of minutes does not depend on the machine. The tower is
    frozen.
    """
    model.requires_grad_(False)
    decoders = [p.requires_grad_(True) for part in (model.caption, model.question, model.answer) for p in part.parameters()]
    optimiser = torch.optim.AdamW(decoders, lr=rate, betas=(0.9, 0.98), weight_decay=0.05, fused=True)
    mean, step, started = deepcopy(model).eval().requires_grad_(False), 0, time.monotonic()
    bar = tqdm(mininterval=10)
    while (progress := step / steps if steps else (time.monotonic() - started) / (60 * minutes)) < 1.0:
        optimiser.param_groups[0]["lr"] = rate * train.rate_at(progress)
        losses = batches.losses(model, step)
        optimiser.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(decoders, 1.0)
        optimiser.step()
        average(mean, model, step)
        step += 1
        bar.update()
        if step % 50 == 0:
            bar.set_postfix({name: f"{value.item():.2f}" for name, value in losses.items()})
    return mean, step


@torch.inference_mode()
def dev_accuracy(model: Compact, tokenizer: BertTokenizerFast, root: Path) -> Accuracy:
    photos, people = measure.HeldOut(root, 300), measure.HeldOut(root).daquar_questions("val")
    generated = photos.generated_questions("dev")
    return {"generated": measure.share(measure.ask(model, tokenizer, photos, generated, "flickr8k")),
            "people": measure.share(measure.ask(model, tokenizer, photos, people, "daquar"))}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10, help="duration of the learning-rate schedule (default 10)")
    parser.add_argument("--rate", type=float, default=RATE, help=f"peak learning rate (default {RATE:g})")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--run", type=Path, default=Path("var/training"), help="the folder that training wrote")
    parser.add_argument("--names", type=Path, default=Path("inference/lab/data/imagenet_names.txt"), help="1000 class names")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    photos, root = photo_sets.load(options.run / "photos.npy"), photo_sets.data_dir()
    tokenizer = BertTokenizerFast.from_pretrained(options.run / "tokenizer")
    checkpoint = torch.load(options.run / "checkpoint.pt", map_location="cpu", weights_only=True)
    start, end, first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])
    model = Compact(options.names.read_text().splitlines(), Vocabulary(len(tokenizer), 0, start, end))
    model.load_state_dict(checkpoint["average"])
    model.eval()  # batch norm uses its stored statistics
    before = dev_accuracy(model, tokenizer, root)
    texts = language.read_texts(photos, tokenizer, root)
    rows = sorted(set(texts.pairs) | set(texts.captions))
    batches = TextBatches(encode(model, photos, rows), texts, model.vocabulary, first, options.seed)
    model, steps = learn(model, batches, options.minutes, options.rate)
    after = dev_accuracy(model, tokenizer, root)
    line = {"heads_steps": steps, "heads_minutes": options.minutes, "before": before, "after": after}
    with (options.run / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    part = options.run / "checkpoint.part"
    earlier, seconds = checkpoint.get("heads", (0, 0.0))
    update = {"average": model.state_dict(), "heads": (earlier + steps, seconds + 60 * options.minutes)}
    torch.save(checkpoint | update, part)
    part.replace(options.run / "checkpoint.pt")


if __name__ == "__main__":
    main()
