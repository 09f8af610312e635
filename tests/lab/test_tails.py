"""The task divergence that a code is trained on: zero for equal outputs, its gradients, and their effect on the bit order."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from inference.engine import split
from inference.engine.codecs import learned_code
from inference.lab.codes import fit, schedule, task_divergence
from inference.lab.codes.codec_eval import features, tower_output
from inference.lab.data import photo_sets, texts
from inference.lab.halves.shape import Compact

SPLIT_AT = 15  # late, as the blocks behind it take the time


@pytest.fixture
def tower(model: Compact) -> split.Tower:
    return model.requires_grad_(False).tower


@pytest.fixture
def names(world: Path) -> list[str]:
    return [name for name, split, _ in photo_sets.listing(world) if split == "train"]


@pytest.fixture
def original(tower: split.Tower, world: Path, names: list[str]) -> Tensor:
    return features(tower, np.stack([photo_sets.read_pixels(world / name) for name in names]), SPLIT_AT).clone()


@pytest.fixture
def tasks(
    world: Path,
    names: list[str],
    tower: split.Tower,
    original: Tensor,
    model: Compact,
    tokenizer: object,
) -> task_divergence.TaskDivergence:
    mirrored = [place % 2 == 1 for place in range(len(names))]
    prompts = task_divergence.Prompts.read(world, tokenizer, names, mirrored)  # type: ignore[arg-type]
    return task_divergence.TaskDivergence(model, prompts, tower_output(tower, original, SPLIT_AT).clone())


def test_prompts_belong_to_their_photos_and_mirrored_photos_have_mirrored_questions(
    tasks: task_divergence.TaskDivergence, world: Path, names: list[str], tokenizer: object
) -> None:
    prompts = tasks.prompts
    assert {names[row] for row in prompts.captions} == {name for name, _ in texts.training_captions(world)}
    daquar_questions = {name: q for name, q in texts.training_questions(world) if name.startswith("daquar")}
    seen = {names[row]: (row, pairs) for row, pairs in prompts.pairs.items() if names[row] in daquar_questions}
    assert set(seen) == set(daquar_questions)
    for row, ((question, answer),) in seen.values():
        text = tokenizer.decode(question)  # type: ignore[attr-defined]
        assert ("right" in text, "left" in text) == (row % 2 == 1, row % 2 == 0)
        assert tokenizer.decode(answer) == "[DEC] garbage bin [SEP]"  # type: ignore[attr-defined]


@pytest.mark.long
def test_equal_outputs_have_no_divergence_and_every_task_reacts_to_a_change(tasks: task_divergence.TaskDivergence) -> None:
    everyone = torch.arange(len(tasks.target))
    assert float(tasks(tasks.target, everyone)) == pytest.approx(0, abs=1e-4)
    moved = (tasks.target + 30 * torch.randn(tasks.target.shape, generator=torch.Generator().manual_seed(1))).requires_grad_(
        True
    )
    sensitivity = {}
    for which in range(3):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(task_divergence, "WEIGHTS", tuple(float(task == which) for task in range(3)))
            divergence = tasks(moved, everyone)
        assert float(divergence.detach()) > 1e-5
        sensitivity[which] = torch.autograd.grad(divergence, moved)[0].abs().sum((0, 2))
    assert sensitivity[0][1:].max() == 0 < sensitivity[0][0]  # labels depend on the class token alone
    assert all((sensitivity[task][1:] > 0).all() for task in (1, 2))


@pytest.mark.long
def test_gradients_of_labels_have_the_fisher_information_of_a_softmax(
    tasks: task_divergence.TaskDivergence, tower: split.Tower, original: Tensor
) -> None:
    """Their mean squared length is the softmax's expectation, computed with the Jacobian of the class token."""
    tasks.prompts = task_divergence.Prompts({}, {})
    x = original[:1].clone().requires_grad_(True)
    token, last = split.tail(tower, x, SPLIT_AT)[0, 0], tasks.model.classifier
    last.weight.mul_(
        3 / last.weight.matmul(token.detach()).std()
    )  # confident enough in some labels: otherwise all draws are alike
    jacobian = torch.stack([torch.autograd.grad(one, x, retain_graph=True)[0].flatten() for one in token])
    chances = tasks.model.classifier(token.detach()[None])[0].softmax(0)
    apart = (last.weight - chances @ last.weight) @ jacobian @ jacobian.T
    each = (apart * (last.weight - chances @ last.weight)).sum(1)
    (drawn,) = tasks.gradients(tower, x.detach().expand(task_divergence.PROBED, -1, -1), SPLIT_AT)
    assert 0.2 < float(chances.max()) < 0.99
    assert float(np.square(drawn).sum((1, 2)).mean()) == pytest.approx(float(chances @ each), rel=0.25)
    assert float(each.mean()) > 1.5 * float(chances @ each)  # drawn evenly it would be another length


def test_bits_go_where_the_tasks_are_sensitive(tower: split.Tower, original: Tensor) -> None:
    """Tasks that depend on the mean over the grid alone get the first bits there."""
    gradients = np.zeros(original.shape, np.float32)
    gradients[:, 1:] = np.random.default_rng(5).normal(size=(len(gradients), 1, gradients.shape[2]))  # the same at every place
    plain, drawn = (
        fit.basis(tower, original, SPLIT_AT, task_gradients=part) for part in ((), (gradients, gradients, gradients))
    )
    assert set(_first_rows(drawn)) == {1}  # the row after the class token's is the mean
    assert set(_first_rows(plain)) != {1}


def _first_rows(basis: fit.Basis) -> list[int]:
    """The rows of the coefficients that are sent first: those of the widest spread in their units."""
    coefficients = basis.coefficients.reshape(len(basis.coefficients), -1)
    code = schedule.fit(coefficients, basis.importance)
    spread = np.abs(coefficients / code["unit"].astype(np.float32)).mean(0)
    assert spread[code["groups"] == 0].min() >= spread[code["groups"] == 1].max()
    return list(np.argsort(-spread)[:10] // basis.mean.shape[1])


@pytest.mark.long
@pytest.mark.timeout(600)
def test_training_on_the_tasks_reduces_their_divergence(
    tasks: task_divergence.TaskDivergence, tower: split.Tower, original: Tensor
) -> None:
    sizes, everyone = (20, 60), torch.arange(len(original))
    arrays = fit.learn(tower, original, tasks.target, SPLIT_AT, 25, sizes, tasks)
    bare = fit.fit(tower, original, SPLIT_AT)
    for level in (1, 2):
        before, after = (_decoded(learned_code.LearnedCode(part, sizes), original, level) for part in (bare, arrays))
        divergence = [
            task_divergence.label_divergence(tasks.model.classifier, tasks.target)(
                tower_output(tower, part, SPLIT_AT), everyone
            )
            for part in (before, after)
        ]
        assert divergence[1] < 0.9 * divergence[0]


def _decoded(code: learned_code.LearnedCode, original: Tensor, level: int) -> Tensor:
    return torch.from_numpy(np.stack([code.decode(code.encode(photo, level), level) for photo in original.numpy()]))
