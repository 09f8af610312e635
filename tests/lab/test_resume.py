"""A run that was stopped goes on as if it never had been."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.lab.data import batches, crops, photo_sets, texts
from inference.lab.data.batches import Batches
from inference.lab.data.teacher import FEATURES
from inference.lab.tower import train
from inference.lab.tower.checkpoint import Checkpoint
from inference.lab.tower.shape import Compact

WITH_TEXTS = batches.phase_at(0.6, 2)
RECIPE = train.Recipe(minutes=0, steps=4, batch=16, bf16=False)  # every batch holds the whole training set


@pytest.fixture
def feed(world: Path, photos: photo_sets.Photos, labels: list[dict[str, np.ndarray]], tokenizer: object) -> Batches:
    return Batches(photos, texts.read_texts(photos, tokenizer, world), labels, tokenizer, RECIPE.batch, RECIPE.seed)  # type: ignore[arg-type]


def _run(state: Checkpoint, feed: Batches, until: int) -> None:
    while state.step < until:
        phase = batches.phase_at(state.step / 4, state.step)
        train.step(state, feed(state.step, phase), phase, train.rate_at(state.step / 4), RECIPE)


def test_stopping_and_resuming_changes_nothing(tmp_path: Path, model: Compact, feed: Batches) -> None:
    other = deepcopy(model)
    straight = Checkpoint.resume(tmp_path / "none.pt", model, train.optimiser(model, RECIPE))
    _run(straight, feed, 4)
    first = deepcopy(other)
    stopped = Checkpoint.resume(tmp_path / "run.pt", first, train.optimiser(first, RECIPE))
    _run(stopped, feed, 2)
    stopped.save(tmp_path / "run.pt")
    resumed = Checkpoint.resume(tmp_path / "run.pt", other, train.optimiser(other, RECIPE))
    assert resumed.step == 2
    _run(resumed, feed, 4)
    for actual, expected in ((resumed.model, straight.model), (resumed.average, straight.average)):
        assert all(torch.equal(a, b) for a, b in zip(actual.parameters(), expected.parameters(), strict=True))


def test_training_on_one_batch_lowers_every_loss(model: Compact, feed: Batches, tmp_path: Path) -> None:
    state = Checkpoint.resume(tmp_path / "none.pt", model, train.optimiser(model, RECIPE))
    batch = feed(0, WITH_TEXTS)
    losses = [train.step(state, batch, WITH_TEXTS, 0.4, RECIPE) for _ in range(12)]
    assert set(losses[0]) == {"distil", "label", "dense", "tags", "caption", "answer"}
    assert all(losses[-1][name] < losses[0][name] for name in ("distil", "dense", "tags", "caption", "answer"))


def test_a_batch_depends_on_its_number_alone(feed: Batches) -> None:
    first, same, other = feed(1, WITH_TEXTS), feed(1, WITH_TEXTS), feed(0, WITH_TEXTS)
    assert torch.equal(first.pixels, same.pixels) and torch.equal(first.questions, same.questions)
    assert not torch.equal(first.pixels, other.pixels)


def test_a_new_run_starts_from_the_averaged_weights_and_counts_the_earlier_time(
    tmp_path: Path, model: Compact, feed: Batches
) -> None:
    first = Checkpoint.resume(tmp_path / "none.pt", deepcopy(model), train.optimiser(model, RECIPE))
    _run(first, feed, 2)
    first.seconds = 60.0
    first.save(tmp_path / "first.pt")
    second = Checkpoint.resume(tmp_path / "second.pt", model, train.optimiser(model, RECIPE), tmp_path / "first.pt")
    assert (second.step, second.seconds, second.before) == (0, 0.0, (2, 60.0))
    assert all(torch.equal(a, b) for a, b in zip(second.model.parameters(), first.average.parameters(), strict=True))


def test_a_photo_cycles_through_all_its_crops_and_then_their_mirror_images(feed: Batches) -> None:
    feed.small, shown = None, set()
    for step in range(4):  # one batch is an epoch; two passes, so the third and fourth epoch are mirrored
        batch = feed(step, WITH_TEXTS)
        row = int(np.flatnonzero(feed._places(step)[1] == 0)[0])
        shown.add(batch.pixels[row].numpy().tobytes())
    assert len(shown) == 4


def test_cutmix_mixes_pixels_features_and_classes(feed: Batches) -> None:
    plain, mixed = feed(0, WITH_TEXTS), feed(0, WITH_TEXTS)
    batches.mix(mixed, 0.7, torch.Generator().manual_seed(3))
    for n in range(len(plain.pixels)):
        own = (mixed.pixels[n] == plain.pixels[n]).all(0)
        assert torch.equal(mixed.pixels[n][:, ~own], plain.pixels[n - 1][:, ~own])
        share = float(mixed.own[n])
        assert float(own.float().mean()) == pytest.approx(share, abs=0.02)  # two photos may agree in a pixel
        at = (plain.features[n] - plain.features[n - 1]).abs() > 1e-3
        weight = ((mixed.features[n] - plain.features[n - 1]) / (plain.features[n] - plain.features[n - 1]))[at]
        assert float(weight.min()) >= -1e-3 and float(weight.max()) <= 1.001
        classes = plain.soft.shape[1]
        assert torch.allclose(mixed.soft[n, :classes], plain.soft[n] * mixed.own[n])
        assert torch.equal(mixed.soft_ids[n, classes:], plain.soft_ids[n - 1])
        assert share == 1.0 or (mixed.tags[n] < 0).all()
    assert 0 < int((mixed.own < 1).sum()) < len(mixed.own)


@pytest.mark.parametrize("grid", [3, 4, 5])
def test_the_teachers_grid_is_aligned_with_the_students(grid: int) -> None:
    features = np.zeros((1, 49, FEATURES), np.int8)
    features[0, 6] = 127  # the top right corner of 7 × 7
    resampled = batches.on_grid(features, grid)[0, :, 0].reshape(grid, grid)
    assert int(resampled.argmax()) == grid - 1 and float(resampled[grid - 1, 0]) == 0.0


def test_photos_grow_over_the_schedule_and_the_tower_takes_every_size(model: Compact, feed: Batches) -> None:
    sides = [batches.phase_at(progress, 0).side for progress in (0.1, 0.6, 0.9, 1.0)]
    assert sides == [96, 128, photo_sets.SIDE, photo_sets.SIDE]
    for progress in (0.1, 0.6, 0.9):
        batch = feed(0, batches.phase_at(progress, 0))
        assert model.tokens(crops.normalise(batch.pixels)).shape[1] == 1 + 5 * batch.features.shape[1]
