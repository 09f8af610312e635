"""Updates that would spoil a model are left out, each with its reason."""

import numpy as np
import pytest

from federation.app.server.guards import Update, refusals, weight_refusals

SIZE = 400


@pytest.fixture
def honest() -> list[Update]:
    draw = np.random.default_rng(0)
    common = draw.normal(size=SIZE)
    return [Update(n, 100 + n, (common + draw.normal(size=SIZE)).astype(np.float32)) for n in range(7)]


def with_one_more(honest: list[Update], delta: np.ndarray, examples: int = 100) -> dict[int, str]:
    return refusals([*honest, Update(9, examples, delta.astype(np.float32))], SIZE)


def test_honest_updates_all_count(honest: list[Update]) -> None:
    assert refusals(honest, SIZE) == {}


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_finite_numbers_are_refused(honest: list[Update], bad: float) -> None:
    delta = honest[0].delta.copy()
    delta[7] = bad
    assert with_one_more(honest, delta) == {9: "Its update contains non-finite values."}


def test_a_shape_that_numpy_would_stretch_is_refused(honest: list[Update]) -> None:
    assert with_one_more(honest, np.ones(1)) == {9: "Its update has 1 values; the model has 400."}


def test_an_update_far_larger_than_the_usual_is_refused(honest: list[Update]) -> None:
    assert "times the median" in with_one_more(honest, 1000 * honest[0].delta)[9]


def test_three_flipped_updates_of_ten_are_refused_and_no_other(honest: list[Update]) -> None:
    flipped = [Update(20 + n, 100, -honest[n].delta) for n in range(3)]
    assert set(refusals([*honest, *flipped], SIZE)) == {20, 21, 22}


@pytest.mark.parametrize("examples", [0, -5, 10**9])
def test_impossible_weights_are_refused(honest: list[Update], examples: int) -> None:
    assert set(with_one_more(honest, honest[0].delta, examples)) == {9}


def test_under_masks_the_weight_is_still_bounded() -> None:
    assert set(weight_refusals({0: 100, 1: 120, 2: 90, 3: 10**9})) == {3}
