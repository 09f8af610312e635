"""A run that was stopped goes on as if it never had been."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.vision.training import batches, data, train
from inference.vision.training.batches import Batches
from inference.vision.training.checkpoint import Checkpoint
from inference.vision.training.shape import GRID, Compact
from inference.vision.training.teacher import FEATURES

RECIPE = train.Recipe(minutes=0, steps=4, batch=16, bf16=False)  # all of the small world in each batch


@pytest.fixture
def feed(world: Path, photos: data.Photos, labels: list[dict[str, np.ndarray]], tokenizer: object) -> Batches:
    return Batches(photos, batches.read_texts(photos, tokenizer, world), labels, tokenizer, RECIPE.batch, RECIPE.seed)  # type: ignore[arg-type]


def _go(state: Checkpoint, feed: Batches, until: int) -> None:
    while state.step < until:
        phase = batches.CLOSE if state.step < 2 else batches.WIDE
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
    batch = feed(0, batches.WIDE)
    tries = [train.step(state, batch, batches.WIDE, 0.4, RECIPE) for _ in range(12)]
    assert set(tries[0]) == {"distil", "label", "dense", "tags", "caption", "answer"}
    assert all(tries[-1][name] < tries[0][name] for name in ("distil", "dense", "tags", "caption", "answer"))


def test_a_batch_depends_on_its_number_alone(feed: Batches) -> None:
    first, again, other = feed(1, batches.CLOSE), feed(1, batches.CLOSE), feed(0, batches.CLOSE)
    assert first.keep is not None and again.keep is not None
    assert (
        torch.equal(first.pixels, again.pixels)
        and torch.equal(first.asked, again.asked)
        and torch.equal(first.keep, again.keep)
    )
    assert not torch.equal(first.pixels, other.pixels)


def test_each_phase_reads_labels_of_its_own_crops(feed: Batches) -> None:
    feed.labels = [*feed.labels * 3, *feed.labels]  # eight passes: 0…5 close, 6 and 7 wide
    assert {feed._pass(epoch, wide=False) for epoch in range(20)} == set(range(6))
    assert {feed._pass(epoch, wide=True) for epoch in range(20)} == {6, 7}


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
