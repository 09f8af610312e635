"""Token merging, one of the codes that ours is compared with: which places end in one group, and what it sends."""

import numpy as np
import torch

from inference.lab.codes.baseline_codecs import merged


def test_equal_places_are_merged_and_every_place_knows_its_group() -> None:
    kinds = torch.eye(4)[torch.tensor([[0, 0, 1, 1, 2, 2, 3, 3], [3, 1, 3, 1, 0, 2, 0, 2]])]
    averages, group = merged(kinds, 4)
    assert averages.shape == (2, 4, 4) and group.shape == (2, 8)
    assert torch.equal(averages[0].gather(0, group[0][:, None].expand(-1, 4)), kinds[0])


def test_averages_are_of_all_places_of_a_group() -> None:
    rows = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 64, 6)).astype(np.float32))
    averages, group = merged(rows, 4)
    for photo, means, groups in zip(rows, averages, group, strict=True):
        assert sorted(groups.unique().tolist()) == [0, 1, 2, 3]
        for number in range(4):
            assert torch.allclose(photo[groups == number].mean(0), means[number], atol=1e-5)
