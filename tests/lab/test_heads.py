"""The text decoders are fine-tuned on the frozen tower."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.lab.data import photo_sets
from inference.lab.data import texts as language
from inference.lab.tower import text_heads
from inference.lab.tower.shape import Compact


def _batches(world: Path, photos: photo_sets.Photos, model: Compact, tokenizer: object) -> text_heads.TextBatches:
    texts = language.read_texts(photos, tokenizer, world)  # type: ignore[arg-type]
    rows = sorted(texts.pairs)
    first = tokenizer.convert_tokens_to_ids("[CLS]")  # type: ignore[attr-defined]
    return text_heads.TextBatches(text_heads.encode(model, photos, rows), texts, model.vocabulary, first, 1)


@pytest.mark.long
def test_losses_fall_and_the_tower_stays_frozen(
    world: Path, photos: photo_sets.Photos, model: Compact, tokenizer: object
) -> None:
    batches, before = _batches(world, photos, model, tokenizer), deepcopy(model)
    after, _ = text_heads.learn(model, batches, minutes=0, rate=2e-3, steps=6)
    assert all(torch.equal(a, b) for a, b in zip(after.classify.parameters(), before.classify.parameters(), strict=True))
    old, new = batches.losses(before, 0), batches.losses(after, 0)
    assert set(old) == {"captions", "generated", "people", "blind"}
    assert all(new[name].item() < old[name].item() for name in old)


def test_tokens_of_the_whole_photo_and_its_crops_are_the_towers_own(
    world: Path, photos: photo_sets.Photos, model: Compact, tokenizer: object
) -> None:
    encoded = _batches(world, photos, model.eval(), tokenizer).photos
    row = min(encoded.place)
    pixels = torch.from_numpy(photos.pixels[row]).permute(2, 0, 1)[None].float() / 127.5 - 1
    whole = text_heads.CROPS.index(text_heads.WHOLE)
    assert torch.allclose(encoded.tokens[whole, encoded.place[row]].float(), model.tokens(pixels)[0], atol=0.02)
    assert not encoded.mirrored[whole].any() and encoded.tokens.shape[:2] == (len(text_heads.CROPS), len(encoded.place))
    assert not np.array_equal(encoded.tokens[whole, 0].numpy(), encoded.tokens[1, 0].numpy())
