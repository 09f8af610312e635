"""What a code learns from beside the tower's own output: how far apart the tasks' words are, and what they hang on."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from inference.vision import codec, split, towers
from inference.vision.training import data, fit, tails
from inference.vision.training.examined import features, finished
from inference.vision.training.shape import Compact


@pytest.fixture
def tower(model: Compact) -> split.Tower:
    return towers.ResNetTower(model.eval().requires_grad_(False).classify.resnet)


@pytest.fixture
def rows(photos: data.Photos) -> list[int]:
    return [int(row) for row in photos.where("train")]


@pytest.fixture
def given(tower: split.Tower, photos: data.Photos, rows: list[int]) -> Tensor:
    return features(tower, photos.pixels[rows], 1).clone()


@pytest.fixture
def said(
    world: Path, photos: data.Photos, rows: list[int], tower: split.Tower, given: Tensor, model: Compact, tokenizer: object
) -> tails.Tails:
    names, mirrored = [photos.names[row] for row in rows], [place % 2 == 1 for place in range(len(rows))]
    texts = tails.Texts.read(world, tokenizer, names, mirrored)  # type: ignore[arg-type]
    return tails.Tails(model, texts, finished(tower, given, 1).clone())


def test_texts_belong_to_their_photos_and_a_mirrored_one_is_asked_the_other_way(
    said: tails.Tails, photos: data.Photos, rows: list[int], tokenizer: object
) -> None:
    names = [photos.names[row] for row in rows]
    assert {names[row].split("/")[0] for row in said.texts.captions} == {"flickr8k"}
    people = [row for row, name in enumerate(names) if name.startswith("daquar")]
    asked = {row: tokenizer.decode(said.texts.pairs[row][0][0]) for row in people}  # type: ignore[attr-defined]
    assert len(asked) > 5
    for row, text in asked.items():
        assert ("right" if row % 2 else "left") in text.replace(" ##", "") or "[UNK]" in text


def test_nothing_is_apart_where_the_output_is_the_same_and_every_task_feels_a_change(said: tails.Tails) -> None:
    everyone = torch.arange(len(said.wanted))
    assert float(said(said.wanted, everyone)) == pytest.approx(0, abs=1e-4)
    moved = (said.wanted + 30 * torch.randn(said.wanted.shape, generator=torch.Generator().manual_seed(1))).requires_grad_(True)
    weighed = {}
    for which in range(3):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tails, "WEIGHTS", tuple(float(task == which) for task in range(3)))
            apart = said(moved, everyone)
        assert float(apart.detach()) > 1e-5
        weighed[which] = torch.autograd.grad(apart, moved)[0].abs().sum((0, 2))
    assert weighed[0][1:].max() == 0 < weighed[0][0]  # names hang on the class token alone
    assert all((weighed[task][1:] > 0).all() for task in (1, 2))


def test_gradients_of_names_are_those_of_a_softmax(said: tails.Tails, tower: split.Tower, given: Tensor) -> None:
    """Their second moment, drawn often enough, is what the tower's Jacobian makes of the softmax's own Fisher information."""
    one = given[:1]
    tokens = split.tail(tower, one, 1)
    said.texts = tails.Texts({}, {})
    (drawn,) = said.gradients(tower, one.expand(1500, -1, -1), 1)
    logits = said.model.classify.classifier(tokens[:, 0])[0]
    chances, weight = logits.softmax(0), said.model.classify.classifier[-1].weight

    def length(vector: Tensor) -> Tensor:
        """Of the gradient of a direction of the class token."""
        x = one.clone().requires_grad_(True)
        return torch.autograd.grad((split.tail(tower, x, 1)[:, 0] * vector).sum(), x)[0].square().sum()

    middle = chances @ weight
    some = torch.multinomial(chances, 60, replacement=True, generator=torch.Generator().manual_seed(3))
    wanted = torch.stack([length(weight[name] - middle) for name in some]).mean()
    assert math.isclose(float(np.square(drawn).sum((1, 2)).mean()), float(wanted), rel_tol=0.2)


def test_bits_go_where_the_tasks_look(tower: split.Tower, given: Tensor) -> None:
    """A task that looks at one place of the class-token-free grid's mean and nothing else gets the first bits there."""
    told = np.zeros(given.shape, np.float32)
    told[:, 1:] = np.random.default_rng(5).normal(size=(len(told), 1, told.shape[2]))  # the same at every place
    plain, drawn = (fit.fit(tower, given, 1, 400, told=one) for one in ((), (told, told, told)))
    lowest = {frequency for frequency in drawn["order"][:40] // given.shape[2] if frequency}
    assert lowest == {1}  # the row after the class token is the mean over all places
    assert set(plain["order"][:40] // given.shape[2]) != {1}
    assert codec.LearnedCode(drawn, (40,)).digest != codec.LearnedCode(plain, (40,)).digest
