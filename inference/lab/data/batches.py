"""The batch of one training step. It depends on the seed and the step alone, so a resumed run continues as if never stopped."""

import random
from collections.abc import Callable, Sequence
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

Labels = dict[str, NDArray[Any]]  # one pass of teacher_labels: rows, ids, probabilities and features


@dataclass(frozen=True)
class Phase:
    """One kind of step: the size of photos, the number of texts, and augmentation."""

    side: int  # pixels: smaller at first, for three times the photos per minute (Touvron et al. 2019)
    captions: int
    questions: int
    text_weight: float
    mixed: float = 0.0  # share of photos with a rectangle of another photo (CutMix, Yun et al. 2019)
    tiny: int = 0  # additional CIFAR-10 photos


NO_TAGS = torch.full((TAGS,), -1.0)

SIDES = ((0.5, 96), (0.8, 128), (1.0, photo_sets.SIDE))  # until this share of the schedule
TEXTS_FROM = 0.25  # share of the schedule; before, the tower is not good enough for texts
CUTMIX_GRID = 8  # pixels: rectangles are aligned to this grid


def phase_at(progress: float, step: int) -> Phase:
    """Two steps for the tower alone, then one with texts. Mixed photos match no caption, so that step mixes none."""
    side = next(side for until, side in SIDES if progress < until or until == 1.0)
    if step % 3 < 2 or progress < TEXTS_FROM:
        return Phase(side, 0, 0, 0.0, mixed=0.6, tiny=4)
    return Phase(side, 1, 2, 0.7) if side == SIDES[0][1] else Phase(side, 2, 3, 1.0)


@dataclass
class Batch:
    pixels: Tensor  # uint8 [B, 3, S, S]
    soft_ids: Tensor  # [B, CLASSES] class ids
    soft: Tensor  # [B, CLASSES] probabilities
    features: Tensor  # [B, places, FEATURES], in standard deviations of the strongest component
    label: Tensor  # [B] class id or -1
    own: Tensor  # [B] share of the photo's area that is its own; the rest is from the previous photo in the batch
    tags: Tensor  # [B, TAGS] share of the photo's captions that use the word; all -1 for a photo without captions
    captions: Tensor  # [C, T] [DEC] words [SEP]; the last rows may be filler
    caption_of: Tensor  # [C] place of the photo
    questions: Tensor  # [Q, T] [CLS] words [SEP]
    answers: Tensor  # [Q, A] [DEC] words [SEP]
    question_of: Tensor  # [Q] place of the photo
    tiny: Tensor  # uint8 [t, 3, S, S] CIFAR-10 photos
    tiny_label: Tensor  # [t] 0…9


class Batches:
    def __init__(
        self,
        photos: photo_sets.Photos,
        texts: Texts,
        labels: list[Labels],
        tokenizer: BertTokenizerFast,
        size: int,
        seed: int,
        small: Callable[[int, int, torch.Generator], tuple[Tensor, Tensor]] | None = None,
    ) -> None:
        self.small = small
        self.photos, self.texts, self.labels, self.size, self.seed = photos, texts, labels, size, seed
        self.rows: NDArray[np.int64] = labels[0]["rows"]
        self.start, self.end, self.first = tokenizer.convert_tokens_to_ids([tokens.START, "[SEP]", "[CLS]"])

    def __call__(self, step: int, phase: Phase) -> Batch:
        epoch, places = self._places(step)
        chance = random.Random(f"{self.seed}/{step}")
        noise = torch.Generator().manual_seed(self.seed * 1_000_003 + step)
        rows = self.rows[places]
        # Each photo cycles through all its crops, and in the next cycle through their mirror images.
        turns = [epoch + 5 * int(row) for row in rows]
        passes = [turn % len(self.labels) for turn in turns]
        mirror = [bool(turn // len(self.labels) % 2) for turn in turns]
        drawn = [crops.draw(int(row), number) for row, number in zip(rows, passes, strict=True)]
        boxes = [(box, flip != mirrored) for (box, flip), mirrored in zip(drawn, mirror, strict=True)]
        pixels = crops.batch(
            [crops.cut(self.photos.pixels[row], *box) for row, box in zip(rows, boxes, strict=True)], phase.side
        )
        teacher = {name: np.stack([self.labels[number][name][place] for number, place in zip(passes, places, strict=True)])
                for name in ("ids", "probabilities", "features")}  # fmt: skip
        features = on_grid(teacher["features"], phase.side // STRIDE)
        features[mirror] = mirrored_grid(features[mirror])
        tags = torch.stack([self.texts.tags.get(row, NO_TAGS) for row in rows.tolist()])
        no_photos = pixels[:0], torch.zeros(0, dtype=torch.long)
        tiny, tiny_label = self.small(phase.tiny, phase.side, noise) if self.small and phase.tiny else no_photos
        batch = Batch(
            pixels,
            torch.from_numpy(teacher["ids"].astype(np.int64)),
            torch.from_numpy(teacher["probabilities"]).float(),
            features,
            torch.from_numpy(self.photos.label[rows]),
            torch.ones(len(rows)),
            tags,
            **self._texts(rows, boxes, phase, chance),
            tiny=tiny,
            tiny_label=tiny_label,
        )
        if phase.mixed:
            mix(batch, phase.mixed, noise)
        return batch

    def _places(self, step: int) -> tuple[int, NDArray[np.int64]]:
        """(epoch, places in `rows`) of a step; the last, incomplete batch of an epoch is dropped."""
        epoch, within = divmod(step, len(self.rows) // self.size)
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.rows))
        return epoch, order[within * self.size : (within + 1) * self.size]

    def _texts(
        self, rows: NDArray[np.int64], boxes: Sequence[tuple[NDArray[np.uint8], bool]], phase: Phase, chance: random.Random
    ) -> dict[str, Tensor]:
        captioned: list[tuple[int, list[int]]] = []
        pairs_drawn: list[tuple[int, list[int], list[int]]] = []
        for place, (row, (_, flipped)) in enumerate(zip(rows.tolist(), boxes, strict=True)):
            captions = self.texts.captions.get(row, [])
            captioned += [(place, caption) for caption in chance.sample(captions, min(phase.captions, len(captions)))]
            pairs = (self.texts.mirrored if flipped else self.texts.pairs).get(row, [])
            pairs_drawn += [(place, *pair) for pair in chance.sample(pairs, min(phase.questions, len(pairs)))]
        end = [self.end]
        # Filler rows have no target after their first token, so they do not contribute to a loss.
        caption_ids = tokens.pad([[self.start, *ids, *end] for _, ids in captioned], [self.start])
        questions = tokens.pad([[self.first, *ids, *end] for _, ids, _ in pairs_drawn], [self.first, *end])
        answers = tokens.pad([[self.start, *ids, *end] for _, _, ids in pairs_drawn], [self.start], lengths=4)
        return {
            "captions": caption_ids,
            "caption_of": _padded([place for place, _ in captioned], len(caption_ids)),
            "questions": questions,
            "answers": answers,
            "question_of": _padded([place for place, _, _ in pairs_drawn], len(questions)),
        }


def _padded(places: list[int], size: int) -> Tensor:
    return torch.tensor(places + [0] * (size - len(places)), dtype=torch.long)


def on_grid(features: NDArray[np.int8], grid: int) -> Tensor:
    """Resamples the teacher's 7×7 grid to the student's. features int8 [B, 49, FEATURES] -> [B, grid², FEATURES]."""
    square = torch.from_numpy(features).float().div_(127 / 4).transpose(1, 2).reshape(-1, FEATURES, 7, 7)
    return F.interpolate(square, (grid, grid), mode="bilinear", antialias=True).flatten(2).transpose(1, 2)


def mirrored_grid(features: Tensor) -> Tensor:
    """[B, places, FEATURES], left and right exchanged."""
    grid = round(features.shape[1] ** 0.5)
    return features.unflatten(1, (grid, grid)).flip(2).flatten(1, 2)


def mix(batch: Batch, share: float, noise: torch.Generator) -> None:
    """CutMix, in place: pastes a rectangle of the previous photo into `share` of the photos and mixes the teacher's features
    there.

    Soft classes are extended by the other photo's, weighted by area. Mixed photos lose their tags, which describe the whole."""
    count, cells = len(batch.pixels), batch.pixels.shape[-1] // CUTMIX_GRID
    chosen = torch.rand(count, generator=noise) < share
    height, width, top, left = (torch.rand(4, count, generator=noise)).unbind()
    tall, broad = (1 + (cells - 1) * height).long(), (1 + (cells - 1) * width).long()
    first, start = ((cells - tall + 1) * top).long(), ((cells - broad + 1) * left).long()
    at = torch.arange(cells)
    down = (at >= first[:, None]) & (at < (first + tall)[:, None])
    across = (at >= start[:, None]) & (at < (start + broad)[:, None])
    inside = down[:, :, None] & across[:, None, :] & chosen[:, None, None]  # [B, cells, cells]
    pixels = inside.repeat_interleave(CUTMIX_GRID, 1).repeat_interleave(CUTMIX_GRID, 2)[:, None]
    batch.pixels = torch.where(pixels, batch.pixels.roll(1, 0), batch.pixels)
    grid = round(batch.features.shape[1] ** 0.5)
    other = F.adaptive_avg_pool2d(inside.float(), grid).flatten(1)[..., None]
    batch.features = batch.features.lerp(batch.features.roll(1, 0), other)
    batch.own = 1 - inside.float().mean((1, 2))
    batch.soft_ids = torch.cat([batch.soft_ids, batch.soft_ids.roll(1, 0)], 1)
    batch.soft = torch.cat([batch.soft * batch.own[:, None], batch.soft.roll(1, 0) * (1 - batch.own)[:, None]], 1)
    batch.tags = torch.where(chosen[:, None], NO_TAGS, batch.tags)


def read_labels(folder: Path) -> list[Labels]:
    files = sorted(folder.glob("labels-[0-9][0-9].npz"))
    if not files:
        raise SystemExit(f"{folder} has no teacher labels: run `python -m inference.lab.data.teacher_labels` first.")
    return [dict(np.load(file)) for file in files]
