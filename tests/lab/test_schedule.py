"""How a code's passes are fitted: alike coefficients together, the wide ones first, in an order that can be decoded."""

import itertools

import numpy as np
import pytest

from inference.engine.codecs.bit_planes import PLANES, REFINE, BitPlanes
from inference.lab.codes import schedule

PHOTOS = 300


@pytest.fixture(scope="module")
def coefficients() -> np.ndarray:
    """[N, 300], of spreads from 1 to 2^-9."""
    random = np.random.default_rng(0)
    return random.laplace(size=(PHOTOS, 300)).astype(np.float32) * 2.0 ** -np.repeat(np.arange(10), 30)


def test_what_is_wide_in_its_units_is_in_the_first_groups(coefficients: np.ndarray) -> None:
    importance = np.where(np.arange(300) < 150, 1.0, 4.0**5)  # the second half is narrow and matters
    code = schedule.fit(coefficients, importance)
    units = np.abs(coefficients).mean(0) / code["unit"].astype(np.float32)
    by_group = [units[code["groups"] == group] for group in range(int(code["groups"].max()) + 1)]
    assert all(wide.min() >= narrow.max() for wide, narrow in itertools.pairwise(by_group))
    assert np.abs(coefficients / code["unit"].astype(np.float32)).max() <= 2.01
    assert all(len(group) >= schedule.SMALLEST for group in by_group)


def test_the_order_can_be_decoded(coefficients: np.ndarray) -> None:
    code = schedule.fit(coefficients, np.ones(300))
    BitPlanes(code["groups"].astype(np.int64), code["passes"])  # raises where it cannot


def test_few_bytes_go_where_they_save_most(coefficients: np.ndarray) -> None:
    """Measured against sending plane after plane of all groups: the error at equal bytes is lower."""
    code = schedule.fit(coefficients, np.ones(300))
    groups, passes = code["groups"].astype(np.int64), [tuple(one) for one in code["passes"].tolist()]
    by_plane = sorted(passes, key=lambda one: (one[1], one[2] == REFINE, one[0]))
    for size in (12, 25, 60):
        ours, other = (_error(coefficients, code, BitPlanes(groups, np.array(order)), size) for order in (passes, by_plane))
        assert ours < 0.98 * other


def test_a_poor_plane_does_not_hold_back_the_better_ones_behind_it() -> None:
    steps = [schedule.Step(3, saved, 10.0) for saved in (0.0, 1.0, 8.0, 2.0, 0.0)]
    gains = schedule.falling(steps)
    assert gains == pytest.approx([0.3, 0.3, 0.3, 0.2, 0.0])


def test_what_is_refined_is_known_before(coefficients: np.ndarray) -> None:
    sizes = np.abs(coefficients) / np.abs(coefficients).max()
    passes = schedule.plan(sizes, schedule.tables(sizes)[0])
    significant = [one.gain for one in passes if one.low != REFINE]
    refined = [one.gain for one in passes if one.low == REFINE]
    assert significant == sorted(significant, reverse=True) and refined == sorted(refined, reverse=True)
    assert all(later <= earlier for earlier, later in zip(significant, refined, strict=False))


@pytest.mark.parametrize(("share", "low"), [(0.5, 0), (0.1, 3), (0.01, 6)])
def test_the_rice_parameter_is_the_best_for_its_share(share: float, low: int) -> None:
    assert schedule.rice(1000 * share, 1000)[0] == pytest.approx(low, abs=1)


def _error(coefficients: np.ndarray, code: dict[str, np.ndarray], planes: BitPlanes, size: int) -> float:
    units = np.minimum(np.abs(coefficients) / code["unit"].astype(np.float32) * 2.0 ** (PLANES - 1), 2**PLANES - 1)
    total = 0.0
    for magnitudes, minus in zip(units.astype(np.int64), coefficients < 0, strict=True):
        known = planes.decode(planes.encode(magnitudes, minus, size))
        centre = np.where(known.magnitudes > 0, known.magnitudes + 0.5, 0) * 2.0 ** (PLANES - known.planes)
        total += float(np.square(centre - magnitudes).sum())
    return total
