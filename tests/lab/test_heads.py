"""The answering half learns from the finished tower, which stays as it is."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import torch

from inference.lab.data import photo_sets
from inference.lab.data import texts as language
from inference.lab.tower import text_heads
from inference.lab.tower.shape import Compact


def _reading(world: Path, photos: photo_sets.Photos, model: Compact, tokenizer: object) -> text_heads.Reading:
    texts = language.read_texts(photos, tokenizer, world)  # type: ignore[arg-type]
    rows = sorted(texts.pairs)
    first = tokenizer.convert_tokens_to_ids("[CLS]")  # type: ignore[attr-defined]
    return text_heads.Reading(text_heads.see(model, photos, rows), texts, model.vocabulary, first, 1)


def test_losses_fall_and_the_tower_stays(world: Path, photos: photo_sets.Photos, model: Compact, tokenizer: object) -> None:
    reading, before = _reading(world, photos, model, tokenizer), deepcopy(model)
    after, _ = text_heads.learn(model, reading, minutes=0, rate=2e-3, steps=6)
    assert all(torch.equal(a, b) for a, b in zip(after.classify.parameters(), before.classify.parameters(), strict=True))
    old, new = reading.losses(before, 0), reading.losses(after, 0)
    assert set(old) == {"said", "made", "people", "alone"}
    assert all(new[name].item() < old[name].item() for name in old)


def test_the_whole_photo_and_its_crops_are_seen_as_the_tower_sees_them(
    world: Path, photos: photo_sets.Photos, model: Compact, tokenizer: object
) -> None:
    seen = _reading(world, photos, model.eval(), tokenizer).seen
    row = min(seen.place)
    pixels = torch.from_numpy(photos.pixels[row]).permute(2, 0, 1)[None].float() / 127.5 - 1
    whole = text_heads.CROPS.index(text_heads.WHOLE)
    assert torch.allclose(seen.tokens[whole, seen.place[row]].float(), model.tokens(pixels)[0], atol=0.02)
    assert not seen.mirrored[whole].any() and seen.tokens.shape[:2] == (len(text_heads.CROPS), len(seen.place))
    assert not np.array_equal(seen.tokens[whole, 0].numpy(), seen.tokens[1, 0].numpy())
