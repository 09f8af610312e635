"""The text halves learn on: `python -m inference.lab.tower.text_heads --minutes 25`.

After `train`, before `export`. Here the tower stands still, so each crop is looked at once and its tokens are kept, and a step
costs a third of one in `train`: captions and made-up questions of many photos, people's questions (DAQUAR), and these again
without the photo, as what is usual has to be known before a photo can say otherwise. A fifth of the tokens is hidden in each
step. Writes `checkpoint.pt` of the same run, which `export` reads.
"""

import argparse
import json
import random
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm
from transformers import BertTokenizerFast

from inference.lab.data import crops, photo_sets, tokens
from inference.lab.data import texts as language
from inference.lab.measures import decode, measure
from inference.lab.tower import train
from inference.lab.tower.checkpoint import average
from inference.lab.tower.shape import Compact, Vocabulary

WHOLE = -1  # beside this many crops the photo as it is
CROPS = (WHOLE, 7, 9)
HIDDEN = 0.2
SAID, MADE, PEOPLE, ALONE = 64, 128, 32, 16  # in a step: captions, made-up questions, people's, people's without their photo
RATE = 1.2e-3
Pair = tuple[list[int], list[int]]


@dataclass
class Seen:
    """What the tower makes of every photo that has texts: tokens [crops, N, T, WIDTH] in half precision."""

    place: dict[int, int]  # row of the photo array -> n
    tokens: Tensor
    mirrored: NDArray[np.bool_]  # [crops, N]


@torch.inference_mode()
def see(model: Compact, photos: photo_sets.Photos, rows: Sequence[int]) -> Seen:
    kept, mirrored = [], np.zeros((len(CROPS), len(rows)), bool)
    for number, crop in enumerate(CROPS):
        for start in tqdm(range(0, len(rows), decode.AT_ONCE), desc=f"crop {crop}", mininterval=5):
            part = rows[start : start + decode.AT_ONCE]
            drawn = [crops.draw(row, crop) if crop != WHOLE else (np.array([0, 0, photo_sets.SIDE, photo_sets.SIDE], np.uint8), False)
                     for row in part]  # fmt: skip
            mirrored[number, start : start + len(part)] = [flip for _, flip in drawn]
            pixels = crops.batch([crops.cut(photos.pixels[row], *box) for row, box in zip(part, drawn, strict=True)])
            kept.append(model.tokens(crops.normalise(pixels)).half())
    held = torch.cat(kept).unflatten(0, (len(CROPS), len(rows)))
    return Seen({row: place for place, row in enumerate(rows)}, held, mirrored)


@dataclass
class Reading:
    """Draws what one step reads. Step n depends on the seed and n alone."""

    seen: Seen
    texts: language.Texts
    vocabulary: Vocabulary
    first: int  # [CLS]
    seed: int
    described: list[int] = field(init=False)
    told: list[int] = field(init=False)
    people: list[int] = field(init=False)
    of_people: list[Pair] = field(init=False)

    def __post_init__(self) -> None:
        self.described = sorted(self.texts.captions)
        self.told = sorted(set(self.texts.captions) & set(self.texts.pairs))
        self.people = sorted(set(self.texts.pairs) - set(self.texts.captions))
        self.of_people = [pair for row in self.people for pair in self.texts.pairs[row]]

    def losses(self, model: Compact, step: int) -> dict[str, Tensor]:
        chance = random.Random(f"{self.seed}/{step}")
        noise = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        found = {}
        for name, rows, count in (("made", self.told, MADE), ("people", self.people, PEOPLE)):
            drawn = [(row, chance.randrange(len(CROPS))) for row in chance.choices(rows, k=count)]
            asked = [(at, pair) for at in drawn for pair in self._pairs(at, chance)]
            found[name] = self._answer(model, self._tokens([at for at, _ in asked], noise), [pair for _, pair in asked])
        said = [(row, chance.randrange(len(CROPS))) for row in chance.choices(self.described, k=SAID)]
        found["said"] = self._caption(
            model, self._tokens(said, noise), [chance.choice(self.texts.captions[row]) for row, _ in said]
        )
        alone = chance.choices(self.of_people, k=ALONE)
        # One token of nothing is to attention what all tokens hidden are.
        return found | {"alone": self._answer(model, torch.zeros(ALONE, 1, self.seen.tokens.shape[-1]), alone)}

    def _pairs(self, at: tuple[int, int], chance: random.Random) -> list[Pair]:
        row, crop = at
        mirrored = bool(self.seen.mirrored[crop, self.seen.place[row]])
        pairs = (self.texts.mirrored if mirrored else self.texts.pairs).get(row, [])
        return chance.sample(pairs, min(1, len(pairs)))

    def _tokens(self, at: Sequence[tuple[int, int]], noise: torch.Generator) -> Tensor:
        kept = self.seen.tokens[[crop for _, crop in at], [self.seen.place[row] for row, _ in at]].float()
        return kept * (torch.rand(kept.shape[:2], generator=noise)[..., None] >= HIDDEN)

    def _caption(self, model: Compact, seen: Tensor, said: Sequence[list[int]]) -> Tensor:
        start, end = self.vocabulary.start, self.vocabulary.end
        return model.caption_loss(seen, tokens.pad([[start, *words, end] for words in said], [start], counts=1))

    def _answer(self, model: Compact, seen: Tensor, asked: Sequence[Pair]) -> Tensor:
        start, end = self.vocabulary.start, self.vocabulary.end
        questions = tokens.pad([[self.first, *words, end] for words, _ in asked], [self.first], counts=1)
        answers = tokens.pad([[start, *words, end] for _, words in asked], [start], lengths=4, counts=1)
        return model.answer_loss(seen, questions, answers)


def learn(
    model: Compact, reading: Reading, minutes: float, rate: float = RATE, steps: int | None = None
) -> tuple[Compact, int]:
    """-> the moving average of the model, steps; `steps` instead of minutes does not depend on the machine. The tower stays as it is."""
    model.requires_grad_(False)
    halves = [p.requires_grad_(True) for part in (model.caption, model.question, model.answer) for p in part.parameters()]
    optimiser = torch.optim.AdamW(halves, lr=rate, betas=(0.9, 0.98), weight_decay=0.05, fused=True)
    kept, step, begun = deepcopy(model).eval().requires_grad_(False), 0, time.monotonic()
    bar = tqdm(mininterval=10)
    while (progress := step / steps if steps else (time.monotonic() - begun) / (60 * minutes)) < 1.0:
        optimiser.param_groups[0]["lr"] = rate * train.rate_at(progress)
        losses = reading.losses(model, step)
        optimiser.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(halves, 1.0)
        optimiser.step()
        average(kept, model, step)
        step += 1
        bar.update()
        if step % 50 == 0:
            bar.set_postfix({name: f"{value.item():.2f}" for name, value in losses.items()})
    return kept, step


@torch.inference_mode()
def look(model: Compact, tokenizer: BertTokenizerFast, root: Path) -> dict[str, float]:
    """On held-out dev photos: share of made-up and of people's questions answered exactly."""
    held, asked = measure.Held(root, 300), measure.Held(root).daquar("val")
    return {"made": measure.share(measure.ask(model, tokenizer, held, held.made("dev"), "flickr8k")),
            "people": measure.share(measure.ask(model, tokenizer, held, asked, "daquar"))}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--run", type=Path, default=Path("var/training"), help="the folder that training wrote")
    parser.add_argument("--names", type=Path, default=Path("inference/lab/data/imagenet_names.txt"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    photos, root = photo_sets.load(options.run / "photos.npy"), photo_sets.data_dir()
    tokenizer = BertTokenizerFast.from_pretrained(options.run / "tokenizer")
    held = torch.load(options.run / "checkpoint.pt", map_location="cpu", weights_only=True)
    start, end, first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])
    model = Compact(options.names.read_text().splitlines(), Vocabulary(len(tokenizer), 0, start, end))
    model.load_state_dict(held["average"])
    model.eval()  # batch norm tells what it has learned
    before = look(model, tokenizer, root)
    texts = language.read_texts(photos, tokenizer, root)
    rows = sorted(set(texts.pairs) | set(texts.captions))
    reading = Reading(see(model, photos, rows), texts, model.vocabulary, first, options.seed)
    model, steps = learn(model, reading, options.minutes, options.rate)
    line = {"heads_steps": steps, "heads_minutes": options.minutes, "before": before, "after": look(model, tokenizer, root)}
    with (options.run / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    part = options.run / "checkpoint.part"
    earlier, seconds = held.get("heads", (0, 0.0))
    told = {"average": model.state_dict(), "heads": (earlier + steps, seconds + 60 * options.minutes)}
    torch.save(held | told, part)
    part.replace(options.run / "checkpoint.pt")


if __name__ == "__main__":
    main()
