"""The models that a run can name, and who holds which part of the data."""

import numpy as np
import pytest
import torch

from federation.app import data, task
from federation.runs import cost
from federation.runs.spec import RunSpec


def config(**told: object) -> dict[str, object]:
    return {"dataset": "digits", "partition": "iid", "num-partitions": 5, "alpha": 0.5, "seed": 3, **told}


@pytest.mark.parametrize(("model", "dataset"), list(cost.PARAMETERS))
def test_the_estimate_knows_how_large_each_model_is(model: str, dataset: str) -> None:
    made = task.build(model, dataset)
    assert sum(one.numel() for one in made.parameters()) == cost.PARAMETERS[model, dataset]  # type: ignore[index]


@pytest.mark.parametrize("dataset", list(task.SHAPES))
def test_a_model_gives_a_score_for_each_class(dataset: str) -> None:
    channels, size = task.SHAPES[dataset]
    assert task.build("resnet-small", dataset, 7)(torch.zeros(2, channels, size, size)).shape == (2, 7)


def test_equal_seeds_make_equal_models_whatever_was_drawn_before() -> None:
    torch.manual_seed(1)
    first = task.arrays_of(task.build("cnn-small", "digits", seed=5))
    torch.manual_seed(2)
    again = task.arrays_of(task.build("cnn-small", "digits", seed=5))
    assert all(np.array_equal(first[name], again[name]) for name in first)


@pytest.mark.parametrize("partition", ["iid", "dirichlet"])
def test_every_example_is_dealt_to_exactly_one_client(partition: str) -> None:
    examples, _ = data.load("digits", False, data.root())
    hands = data.partition(examples.labels, config(partition=partition))
    assert sorted(np.concatenate(hands)) == list(range(len(examples)))


def test_a_dirichlet_deal_is_far_from_even_and_an_iid_deal_is_not() -> None:
    spread = {}
    for partition in ("iid", "dirichlet"):
        told = RunSpec(dataset="digits", clients=5, quorum=1, partition=partition, alpha=0.2).model_dump()  # type: ignore[arg-type]
        counts = np.array(data.holdings(told)["clients"], float)
        spread[partition] = (counts / counts.sum(1, keepdims=True)).std(0).mean()
    assert spread["dirichlet"] > 3 * spread["iid"]


def test_what_is_held_out_is_never_dealt() -> None:
    trained, _ = data.load("digits", False, data.root())
    held_out, _ = data.load("digits", True, data.root())
    assert len(trained) + len(held_out) == 1797
    assert not {one.tobytes() for one in trained.pixels.numpy()} & {one.tobytes() for one in held_out.pixels.numpy()}


def test_an_unknown_pickle_is_never_unpacked(tmp_path: data.Path) -> None:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    (folder / "test_batch").write_bytes(b"cos\nsystem\n(S'exit 3'\ntR.")
    with pytest.raises(data.DataMissing, match="damaged"):
        data.load("cifar10", True, tmp_path)


def test_a_mirror_and_a_crop_keep_the_shape_and_digits_stay_as_they_are() -> None:
    draw = torch.Generator().manual_seed(0)
    photos = torch.randint(0, 255, (4, 3, 32, 32), dtype=torch.uint8)
    assert task._augmented(photos, draw).shape == photos.shape
    digits = photos[:, :1, :8, :8]
    assert torch.equal(task._augmented(digits, draw), task._normalised(digits))


def test_values_whose_turn_it_is_not_stay_as_they_were() -> None:
    model = task.build("cnn-small", "digits")
    before = task.arrays_of(model)
    turn = {name: np.zeros_like(value) for name, value in before.items()}
    last = list(before)[-1]
    turn[last][:] = 1
    held, _ = data.load("digits", False, data.root())
    task.train(model, held.part(np.arange(64)), task.Work(1, 32, 0.1, 0, turn=turn))
    after = task.arrays_of(model)
    assert not np.array_equal(after[last], before[last])
    assert all(np.allclose(after[name], before[name], rtol=1e-3) for name in before if name != last)
