"""CIFAR-10 is used as ten groups of ImageNet's classes; its pickles may contain nothing but arrays."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.lab.data import cifar


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    for number in range(1, 6):
        pixels = np.full((4, 3072), 40 * number, np.uint8)
        (folder / f"data_batch_{number}").write_bytes(pickle.dumps({b"data": pixels, b"labels": [number] * 4}, protocol=2))
    return tmp_path


def test_photos_are_enlarged_and_keep_their_labels(root: Path) -> None:
    pixels, labels = cifar.Small(root)(12, 96, torch.Generator().manual_seed(0))
    assert pixels.shape == (12, 3, 96, 96)
    assert (pixels == 40 * labels[:, None, None, None]).all()


def test_every_class_of_a_group_counts_the_same(root: Path) -> None:
    sorrel, frogs = torch.full((1000,), -20.0), torch.full((1000,), -20.0)
    sorrel[339], frogs[[30, 31, 32]] = 0.0, 0.0
    log_p = torch.stack([sorrel, frogs]).log_softmax(-1)
    assert float(cifar.loss(log_p, torch.tensor([7, 6]))) < 1e-3
    assert float(cifar.loss(log_p, torch.tensor([6, 7]))) > 15


def test_no_two_groups_share_a_class() -> None:
    ids = [number for group in cifar.GROUPS for number in group]
    assert len(cifar.GROUPS) == 10 and len(ids) == len(set(ids))


class _Malicious:
    def __reduce__(self) -> tuple[object, ...]:
        return (print, ("this must not run",))


def test_a_pickle_that_asks_for_more_than_arrays_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "cifar-10-batches-py" / "data_batch_3").write_bytes(pickle.dumps(_Malicious()))
    with pytest.raises(SystemExit, match=r"asks for builtins\.print, which no array needs"):
        cifar.Small(root)
    assert "must not run" not in capsys.readouterr().out
