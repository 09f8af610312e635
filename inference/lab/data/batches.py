"""What one training step sees. Batch n depends on the seed and n alone, so a resumed run goes on as if never stopped."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F
from transformers import BertTokenizerFast

from inference.lab.data import crops, photo_sets, tokens
from inference.lab.data.teacher import FEATURES
from inference.lab.data.texts import Texts
from inference.lab.tower.shape import STRIDE, TAGS


@dataclass(frozen=True)
class Phase:
    """One kind of step: how large a photo is looked at, how many texts it comes with, and what else is added."""

    side: int  # pixels: smaller at first, which buys three times the photos (Touvron et al. 2019)
    captions: int
    questions: int
    text_weight: float
    mixed: float = 0.0  # share of the photos with a rectangle of another photo in them (CutMix, Yun et al. 2019)
    tiny: int = 0  # CIFAR-10 photos beside the others


NO_TAGS = torch.full((TAGS,), -1.0)

SIDES = ((0.5, 96), (0.8, 128), (1.0, photo_sets.SIDE))  # until this share of the schedule
SPEAKS_FROM = 0.25  # before, the tower has nothing to say
MIXED_CELL = 8  # pixels: the grid on which a rectangle of another photo lies


def phase_at(progress: float, step: int) -> Phase:
    """Two steps for the tower alone, then one with texts, which need every photo as it is: mixed ones have no caption."""
    side = next(side for until, side in SIDES if progress < until or until == 1.0)
    if step % 3 < 2 or progress < SPEAKS_FROM:
        return Phase(side, 0, 0, 0.0, mixed=0.6, tiny=4)
    return Phase(side, 1, 2, 0.7) if side == SIDES[0][1] else Phase(side, 2, 3, 1.0)


@dataclass
class Batch:
    pixels: Tensor  # uint8 [B, 3, S, S]
    soft_ids: Tensor  # [B, KEPT] class ids
    soft: Tensor  # [B, KEPT] probabilities
    features: Tensor  # [B, places, FEATURES], a unit being the deviation of the strongest direction
    label: Tensor  # [B] class id or -1
    own: Tensor  # [B] share of the photo that is its own; the rest, its rectangle of the photo before it in the batch
    tags: Tensor  # [B, TAGS] share of the photo's captions that use the word; -1 throughout for a photo without captions
    captions: Tensor  # [C, T] [DEC] words [SEP]; the last rows may be filler
    caption_of: Tensor  # [C] which photo
    asked: Tensor  # [Q, T] [CLS] words [SEP]
    answers: Tensor  # [Q, A] [DEC] words [SEP]
    asked_of: Tensor  # [Q]
    tiny: Tensor  # uint8 [t, 3, S, S] CIFAR-10 photos
    tiny_label: Tensor  # [t] which of its ten classes


class Batches:
    def __init__(
        self,
        photos: photo_sets.Photos,
        texts: Texts,
        labels: list[dict[str, NDArray[Any]]],
        tokenizer: BertTokenizerFast,
        size: int,
        seed: int,
        small: Callable[[int, int, torch.Generator], tuple[Tensor, Tensor]] | None = None,
    ) -> None:
        self.small = small
        self.photos, self.texts, self.labels, self.size, self.seed = photos, texts, labels, size, seed
        self.rows: NDArray[Any] = labels[0]["rows"]
        self.start, self.end, self.first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])

    def __call__(self, step: int, phase: Phase) -> Batch:
        epoch, places = self._places(step)
        chance = random.Random(f"{self.seed}/{step}")
        noise = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        rows = self.rows[places]
        # Each photo goes through all its crops, and the second time through them mirrored.
        turns = [epoch + 5 * int(row) for row in rows]
        passes = [turn % len(self.labels) for turn in turns]
        again = [bool(turn // len(self.labels) % 2) for turn in turns]
        drawn = [crops.draw(int(row), number) for row, number in zip(rows, passes, strict=True)]
        boxes = [(box, flip != mirrored) for (box, flip), mirrored in zip(drawn, again, strict=True)]
        pixels = crops.batch(
            [crops.cut(self.photos.pixels[row], *box) for row, box in zip(rows, boxes, strict=True)], phase.side
        )
        told = {name: np.stack([self.labels[number][name][place] for number, place in zip(passes, places, strict=True)])
                for name in ("ids", "probabilities", "features")}  # fmt: skip
        features = on_grid(told["features"], phase.side // STRIDE)
        features[again] = mirrored_grid(features[again])
        tags = torch.stack([self.texts.tags.get(row, NO_TAGS) for row in rows.tolist()])
        no_photos = pixels[:0], torch.zeros(0, dtype=torch.long)
        tiny, tiny_label = self.small(phase.tiny, phase.side, noise) if self.small and phase.tiny else no_photos
        batch = Batch(pixels, torch.from_numpy(told["ids"].astype(np.int64)), torch.from_numpy(told["probabilities"]).float(),
                      features, torch.from_numpy(self.photos.label[rows]), torch.ones(len(rows)), tags,
                      **self._texts(rows, boxes, phase, chance), tiny=tiny, tiny_label=tiny_label)  # fmt: skip
        if phase.mixed:
            mix(batch, phase.mixed, noise)
        return batch

    def _places(self, step: int) -> tuple[int, NDArray[Any]]:
        """Epoch and the places in `rows` of step `step`; the last, short batch of an epoch is left out."""
        epoch, within = divmod(step, len(self.rows) // self.size)
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.rows))
        return epoch, order[within * self.size : (within + 1) * self.size]

    def _texts(
        self, rows: NDArray[Any], drawn: list[tuple[Any, bool]], phase: Phase, chance: random.Random
    ) -> dict[str, Tensor]:
        said: list[tuple[int, list[int]]] = []
        asked: list[tuple[int, list[int], list[int]]] = []
        for place, (row, (_, flipped)) in enumerate(zip(rows.tolist(), drawn, strict=True)):
            captions = self.texts.captions.get(row, [])
            said += [(place, caption) for caption in chance.sample(captions, min(phase.captions, len(captions)))]
            pairs = (self.texts.mirrored if flipped else self.texts.pairs).get(row, [])
            asked += [(place, *pair) for pair in chance.sample(pairs, min(phase.questions, len(pairs)))]
        end = [self.end]
        # Fillers have nothing to predict after their first token, so they add nothing to a loss.
        told = tokens.pad([[self.start, *ids, *end] for _, ids in said], [self.start])
        questions = tokens.pad([[self.first, *ids, *end] for _, ids, _ in asked], [self.first, *end])
        answers = tokens.pad([[self.start, *ids, *end] for _, _, ids in asked], [self.start], lengths=4)
        return {"captions": told, "caption_of": _padded([place for place, _ in said], len(told)),
                "asked": questions, "answers": answers, "asked_of": _padded([place for place, _, _ in asked], len(questions))}  # fmt: skip


def _padded(places: list[int], size: int) -> Tensor:
    return torch.tensor(places + [0] * (size - len(places)), dtype=torch.long)


def on_grid(features: NDArray[np.int8], grid: int) -> Tensor:
    """The teacher's 7×7 places -> the student's. features int8 [B, 49, FEATURES] -> [B, grid², FEATURES]."""
    square = torch.from_numpy(features).float().div_(127 / 4).transpose(1, 2).reshape(-1, FEATURES, 7, 7)
    return F.interpolate(square, (grid, grid), mode="bilinear", antialias=True).flatten(2).transpose(1, 2)


def mirrored_grid(features: Tensor) -> Tensor:
    """[B, places, FEATURES], left and right exchanged."""
    grid = round(features.shape[1] ** 0.5)
    return features.unflatten(1, (grid, grid)).flip(2).flatten(1, 2)


def mix(batch: Batch, share: float, noise: torch.Generator) -> None:
    """Puts a rectangle of the photo before it into `share` of the photos, and its share of the teacher's features there.

    Soft classes get the other photo's beside their own, by area; such a photo keeps no tags, which are of the whole."""
    count, cells = len(batch.pixels), batch.pixels.shape[-1] // MIXED_CELL
    chosen = torch.rand(count, generator=noise) < share
    height, width, top, left = (torch.rand(4, count, generator=noise)).unbind()
    tall, broad = (1 + (cells - 1) * height).long(), (1 + (cells - 1) * width).long()
    first, start = ((cells - tall + 1) * top).long(), ((cells - broad + 1) * left).long()
    at = torch.arange(cells)
    down = (at >= first[:, None]) & (at < (first + tall)[:, None])
    across = (at >= start[:, None]) & (at < (start + broad)[:, None])
    inside = down[:, :, None] & across[:, None, :] & chosen[:, None, None]  # [B, cells, cells]
    pixels = inside.repeat_interleave(MIXED_CELL, 1).repeat_interleave(MIXED_CELL, 2)[:, None]
    batch.pixels = torch.where(pixels, batch.pixels.roll(1, 0), batch.pixels)
    grid = round(batch.features.shape[1] ** 0.5)
    other = F.adaptive_avg_pool2d(inside.float(), grid).flatten(1)[..., None]
    batch.features = batch.features.lerp(batch.features.roll(1, 0), other)
    batch.own = 1 - inside.float().mean((1, 2))
    batch.soft_ids = torch.cat([batch.soft_ids, batch.soft_ids.roll(1, 0)], 1)
    batch.soft = torch.cat([batch.soft * batch.own[:, None], batch.soft.roll(1, 0) * (1 - batch.own)[:, None]], 1)
    batch.tags = torch.where(chosen[:, None], NO_TAGS, batch.tags)


def read_labels(folder: Path) -> list[dict[str, NDArray[Any]]]:
    files = sorted(folder.glob("labels-[0-9][0-9].npz"))
    if not files:
        raise SystemExit(f"{folder} holds no teacher labels: run `python -m inference.lab.data.teacher_labels` first.")
    return [dict(np.load(file)) for file in files]
