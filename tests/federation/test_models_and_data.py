"""The models that a run can name, and who holds which part of the data."""

import numpy as np
import pytest
import torch

from federation.app import data, task
from federation.app.datasets.base import DataSet
from federation.app.datasets.registry import DATASETS
from federation.app.models.registry import ARCHITECTURES, Architecture
from federation.runs import cost
from federation.runs.spec import RunSpec


@pytest.mark.parametrize("model", ARCHITECTURES, ids=lambda model: model.name)
@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_the_estimate_knows_how_large_each_model_is(model: Architecture, dataset: DataSet) -> None:
    network = task.build(model.name, dataset.name)
    assert sum(parameter.numel() for parameter in network.parameters()) == cost.parameters(model.name, dataset.name)


def test_the_sizes_of_the_bundled_models_are_as_published() -> None:
    assert cost.parameters("cnn-small", "digits") == 19_258
    assert cost.parameters("resnet-small", "cifar10") == 266_962


@pytest.mark.parametrize("dataset", DATASETS, ids=lambda dataset: dataset.name)
def test_a_model_gives_a_score_for_each_class(dataset: DataSet) -> None:
    photos = torch.zeros(2, dataset.channels, dataset.side, dataset.side)
    assert task.build("resnet-small", dataset.name, 7)(photos).shape == (2, 7)


def test_equal_seeds_make_equal_models_whatever_was_drawn_before() -> None:
    torch.manual_seed(1)
    first = task.arrays_of(task.build("cnn-small", "digits", seed=5))
    torch.manual_seed(2)
    again = task.arrays_of(task.build("cnn-small", "digits", seed=5))
    assert all(np.array_equal(first[name], again[name]) for name in first)


@pytest.mark.parametrize("partition", ["iid", "dirichlet"])
def test_every_example_is_dealt_to_exactly_one_client(partition: str) -> None:
    examples, _ = data.load("digits", False, data.root())
    parts = data.partition(examples.labels, data.Partitioning(partition, clients=5, alpha=0.5, seed=3))
    assert sorted(np.concatenate(parts)) == list(range(len(examples)))


def test_a_dirichlet_deal_is_far_from_even_and_an_iid_deal_is_not() -> None:
    spread = {}
    for partition in ("iid", "dirichlet"):
        settings = RunSpec(dataset="digits", clients=5, quorum=1, partition=partition, alpha=0.2).settings()  # type: ignore[arg-type]
        counts = np.array(data.holdings(settings)["clients"], float)
        spread[partition] = (counts / counts.sum(1, keepdims=True)).std(0).mean()
    assert spread["dirichlet"] > 3 * spread["iid"]


def test_what_is_held_out_is_never_dealt() -> None:
    trained, _ = data.load("digits", False, data.root())
    held_out, _ = data.load("digits", True, data.root())
    assert len(trained) + len(held_out) == 1797
    assert not {image.tobytes() for image in trained.pixels.numpy()} & {image.tobytes() for image in held_out.pixels.numpy()}


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
    trainable = {name: np.zeros_like(value) for name, value in before.items()}
    last = list(before)[-1]
    trainable[last][:] = 1
    examples, _ = data.load("digits", False, data.root())
    task.train(model, examples.part(np.arange(64)), task.LocalTraining(1, 32, 0.1, 0, trainable=trainable))
    after = task.arrays_of(model)
    assert not np.array_equal(after[last], before[last])
    assert all(np.allclose(after[name], before[name], rtol=1e-3) for name in before if name != last)
