"""What a code learns from beside the tower's own output: how far apart the tasks' words are, and what they hang on."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from inference.engine import split, towers
from inference.engine.codecs import feature_code
from inference.lab.codes import fit, task_divergence
from inference.lab.codes.codec_eval import features, finished
from inference.lab.data import photo_sets, texts
from inference.lab.tower.shape import Compact

SPLIT_AT = 6  # late, as what stands behind is what costs


@pytest.fixture
def tower(model: Compact) -> split.Tower:
    return towers.ResNetTower(model.eval().requires_grad_(False).classify.resnet)


@pytest.fixture
def rows(photos: photo_sets.Photos) -> list[int]:
    return [int(row) for row in photos.where("train")]


@pytest.fixture
def given(tower: split.Tower, photos: photo_sets.Photos, rows: list[int]) -> Tensor:
    return features(tower, photos.pixels[rows], SPLIT_AT).clone()


@pytest.fixture
def tasks(
    world: Path,
    photos: photo_sets.Photos,
    rows: list[int],
    tower: split.Tower,
    given: Tensor,
    model: Compact,
    tokenizer: object,
) -> task_divergence.Tails:
    names, mirrored = [photos.names[row] for row in rows], [place % 2 == 1 for place in range(len(rows))]
    prompts = task_divergence.Prompts.read(world, tokenizer, names, mirrored)  # type: ignore[arg-type]
    return task_divergence.Tails(model, prompts, finished(tower, given, SPLIT_AT).clone())


def test_prompts_belong_to_their_photos_and_a_mirrored_one_is_asked_the_other_way(
    tasks: task_divergence.Tails, world: Path, photos: photo_sets.Photos, rows: list[int], tokenizer: object
) -> None:
    names, prompts = [photos.names[row] for row in rows], tasks.prompts
    assert {names[row] for row in prompts.captions} == {name for name, _ in texts.training_captions(world)}
    asked = {name: q for name, q in texts.training_questions(world) if name.startswith("daquar")}
    seen = {names[row]: (row, pairs) for row, pairs in prompts.pairs.items() if names[row] in asked}
    assert set(seen) == set(asked)
    for row, ((question, answer),) in seen.values():
        said = tokenizer.decode(question)  # type: ignore[attr-defined]
        assert ("right" in said, "left" in said) == (row % 2 == 1, row % 2 == 0)
        assert tokenizer.decode(answer) == "[DEC] garbage bin [SEP]"  # type: ignore[attr-defined]


def test_nothing_is_apart_where_the_output_is_the_same_and_every_task_feels_a_change(tasks: task_divergence.Tails) -> None:
    everyone = torch.arange(len(tasks.wanted))
    assert float(tasks(tasks.wanted, everyone)) == pytest.approx(0, abs=1e-4)
    moved = (tasks.wanted + 30 * torch.randn(tasks.wanted.shape, generator=torch.Generator().manual_seed(1))).requires_grad_(
        True
    )
    weighed = {}
    for which in range(3):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(task_divergence, "WEIGHTS", tuple(float(task == which) for task in range(3)))
            apart = tasks(moved, everyone)
        assert float(apart.detach()) > 1e-5
        weighed[which] = torch.autograd.grad(apart, moved)[0].abs().sum((0, 2))
    assert weighed[0][1:].max() == 0 < weighed[0][0]  # names hang on the class token alone
    assert all((weighed[task][1:] > 0).all() for task in (1, 2))


def test_gradients_of_names_have_the_fisher_information_of_a_softmax(
    tasks: task_divergence.Tails, tower: split.Tower, given: Tensor
) -> None:
    """As drawn: on average as long as the names' own chances say, by the Jacobian of the class token."""
    tasks.prompts = task_divergence.Prompts({}, {})
    x = given[:1].clone().requires_grad_(True)
    token, last = split.tail(tower, x, SPLIT_AT)[0, 0], tasks.model.classify.classifier[-1]
    last.weight.mul_(3 / last.weight.matmul(token.detach()).std())  # sure enough of some names: else all draws are alike
    jacobian = torch.stack([torch.autograd.grad(one, x, retain_graph=True)[0].flatten() for one in token])
    chances = tasks.model.classify.classifier(token.detach()[None])[0].softmax(0)
    apart = (last.weight - chances @ last.weight) @ jacobian @ jacobian.T
    each = (apart * (last.weight - chances @ last.weight)).sum(1)
    (drawn,) = tasks.gradients(tower, x.detach().expand(task_divergence.PROBED, -1, -1), SPLIT_AT)
    assert 0.2 < float(chances.max()) < 0.99
    assert float(np.square(drawn).sum((1, 2)).mean()) == pytest.approx(float(chances @ each), rel=0.25)
    assert float(each.mean()) > 1.5 * float(chances @ each)  # drawn evenly it would be another length


def test_bits_go_where_the_tasks_look(tower: split.Tower, given: Tensor) -> None:
    """Tasks that look at nothing but the mean over the grid get the first bits there."""
    felt = np.zeros(given.shape, np.float32)
    felt[:, 1:] = np.random.default_rng(5).normal(size=(len(felt), 1, felt.shape[2]))  # the same at every place
    plain, drawn = (
        fit.fit(tower, given, SPLIT_AT, 400, felt=one)["order"][:40] // given.shape[2] for one in ((), (felt, felt, felt))
    )
    assert set(drawn) == {1}  # the row after the class token's is the mean
    assert set(plain) != {1}


def test_learning_from_the_tasks_brings_nearer_what_they_say(
    tasks: task_divergence.Tails, tower: split.Tower, given: Tensor
) -> None:
    sizes, everyone = (20, 60), torch.arange(len(given))
    arrays = fit.learn(tower, given, tasks.wanted, SPLIT_AT, 25, sizes, tasks)
    bare = fit.fit(tower, given, SPLIT_AT, 8 * sizes[-1])
    for level in (1, 2):
        before, after = (_decoded(feature_code.LearnedCode(one, sizes), given, level) for one in (bare, arrays))
        apart = [
            task_divergence.names(tasks.model.classify.classifier, tasks.wanted)(finished(tower, one, SPLIT_AT), everyone)
            for one in (before, after)
        ]
        assert apart[1] < 0.9 * apart[0]


def _decoded(code: feature_code.LearnedCode, given: Tensor, level: int) -> Tensor:
    return torch.from_numpy(np.stack([code.decode(code.encode(one, level), level) for one in given.numpy()]))
