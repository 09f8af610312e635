"""A run that was stopped goes on as if it never had been."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.vision.training import batches, data, language, train
from inference.vision.training.batches import Batches
from inference.vision.training.checkpoint import Checkpoint
from inference.vision.training.shape import GRID, Compact
from inference.vision.training.teacher import FEATURES

RECIPE = train.Recipe(minutes=0, steps=4, batch=16, bf16=False)  # all of the small world in each batch


@pytest.fixture
def feed(world: Path, photos: data.Photos, labels: list[dict[str, np.ndarray]], tokenizer: object) -> Batches:
    return Batches(photos, language.read_texts(photos, tokenizer, world), labels, tokenizer, RECIPE.batch, RECIPE.seed)  # type: ignore[arg-type]


def _go(state: Checkpoint, feed: Batches, until: int) -> None:
    while state.step < until:
        phase = batches.phase_at(state.step / 4, state.step)
        train.step(state, feed(state.step, phase), phase, train.rate_at(state.step / 4), RECIPE)


def test_stopping_and_resuming_changes_nothing(tmp_path: Path, model: Compact, feed: Batches) -> None:
    other = deepcopy(model)
    straight = Checkpoint.resume(tmp_path / "none.pt", model, train.optimiser(model, RECIPE))
    _go(straight, feed, 4)
    first = deepcopy(other)
    stopped = Checkpoint.resume(tmp_path / "run.pt", first, train.optimiser(first, RECIPE))
    _go(stopped, feed, 2)
    stopped.save(tmp_path / "run.pt")
    resumed = Checkpoint.resume(tmp_path / "run.pt", other, train.optimiser(other, RECIPE))
    assert resumed.step == 2
    _go(resumed, feed, 4)
    for held, wanted in ((resumed.model, straight.model), (resumed.average, straight.average)):
        assert all(torch.equal(a, b) for a, b in zip(held.parameters(), wanted.parameters(), strict=True))


def test_learning_lowers_every_loss_on_a_batch_seen_again_and_again(model: Compact, feed: Batches, tmp_path: Path) -> None:
    state = Checkpoint.resume(tmp_path / "none.pt", model, train.optimiser(model, RECIPE))
    batch = feed(0, batches.TELL)
    tries = [train.step(state, batch, batches.TELL, 0.4, RECIPE) for _ in range(12)]
    assert set(tries[0]) == {"distil", "label", "dense", "tags", "caption", "answer"}
    assert all(tries[-1][name] < tries[0][name] for name in ("distil", "dense", "tags", "caption", "answer"))


def test_a_batch_depends_on_its_number_alone(feed: Batches) -> None:
    first, again, other = feed(1, batches.TELL), feed(1, batches.TELL), feed(0, batches.TELL)
    assert first.keep is not None and again.keep is not None
    assert (
        torch.equal(first.pixels, again.pixels)
        and torch.equal(first.asked, again.asked)
        and torch.equal(first.keep, again.keep)
    )
    assert not torch.equal(first.pixels, other.pixels)


def test_a_new_run_begins_from_the_averaged_weights_and_counts_the_time_before(
    tmp_path: Path, model: Compact, feed: Batches
) -> None:
    first = Checkpoint.resume(tmp_path / "none.pt", deepcopy(model), train.optimiser(model, RECIPE))
    _go(first, feed, 2)
    first.seconds = 60.0
    first.save(tmp_path / "first.pt")
    second = Checkpoint.resume(tmp_path / "second.pt", model, train.optimiser(model, RECIPE), tmp_path / "first.pt")
    assert (second.step, second.seconds, second.before) == (0, 0.0, (2, 60.0))
    assert all(torch.equal(a, b) for a, b in zip(second.model.parameters(), first.average.parameters(), strict=True))


def test_a_photo_goes_through_all_its_crops_and_then_through_them_mirrored(feed: Batches) -> None:
    feed.small, shown = None, set()
    for step in range(4):  # one batch is an epoch; two passes, so the third and fourth epoch are mirrored
        batch = feed(step, batches.TELL)
        row = int(np.flatnonzero(feed._places(step)[1] == 0)[0])
        shown.add(batch.pixels[row].numpy().tobytes())
    assert len(shown) == 4


def test_what_is_mixed_in_brings_its_pixels_its_features_and_its_classes(feed: Batches) -> None:
    plain = feed(0, batches.TELL)
    mixed = feed(0, batches.TELL)
    batches.mix(mixed, 0.7, torch.Generator().manual_seed(3))
    patch = data.SIDE // GRID
    for n in range(len(plain.pixels)):
        own = (mixed.features[n] == plain.features[n]).all(1).reshape(GRID, GRID)
        share = float(own.float().mean())
        assert float(mixed.own[n]) == pytest.approx(share, abs=1e-6)
        at = own.repeat_interleave(patch, 0).repeat_interleave(patch, 1)
        assert torch.equal(mixed.pixels[n][:, at], plain.pixels[n][:, at])
        assert torch.equal(mixed.pixels[n][:, ~at], plain.pixels[n - 1][:, ~at])
        kept = plain.soft.shape[1]
        assert torch.allclose(mixed.soft[n, :kept], plain.soft[n] * mixed.own[n])
        assert torch.equal(mixed.soft_ids[n, kept:], plain.soft_ids[n - 1])
        assert share == 1.0 or (mixed.tags[n] < 0).all()
    assert 0 < int((mixed.own < 1).sum()) < len(mixed.own)


def test_the_teachers_places_land_where_the_students_patches_are() -> None:
    features = np.zeros((1, 49, FEATURES), np.int8)
    features[0, 6] = 127  # the top right corner of 7 × 7
    grid = batches.on_grid(features)[0, :, 0].reshape(GRID, GRID)
    assert int(grid.argmax()) == GRID - 1 and float(grid[GRID - 1, 0]) == 0.0


def test_dropping_patches_keeps_the_ones_named(model: Compact) -> None:
    pixels = torch.rand(2, 3, data.SIDE, data.SIDE)
    every = torch.arange(GRID * GRID).expand(2, -1)
    assert torch.allclose(model.tokens(pixels, every), model.tokens(pixels), atol=1e-5)
    assert model.tokens(pixels, every[:, :10]).shape == (2, 11, 192)
