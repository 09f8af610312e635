"""Clipping, noise, and what of the privacy is spent."""

import math

import numpy as np
import pytest

from federation.app.privacy.differential import Accountant, multiplier, privatise


def test_a_long_update_is_shortened_and_a_short_one_is_not() -> None:
    long, short = np.full(100, 3, np.float32), np.full(100, 0.01, np.float32)
    assert np.linalg.norm(privatise(long, 1.0, 0.0, 10)) == pytest.approx(1.0)
    assert np.allclose(privatise(short, 1.0, 0.0, 10), short)


def test_ten_clients_together_add_the_noise_that_was_asked_for() -> None:
    noise = np.random.default_rng(0)
    total = sum(privatise(np.zeros(20_000, np.float32), 2.0, 1.5, 10, noise) for _ in range(10))
    assert float(np.std(total)) == pytest.approx(3.0, rel=0.03)


def test_noise_is_new_every_time() -> None:
    update = np.zeros(10, np.float32)
    assert not np.allclose(privatise(update, 1.0, 1.0, 3), privatise(update, 1.0, 1.0, 3))


def test_behind_a_quantiser_only_a_clients_own_noise_counts() -> None:
    assert multiplier(2.0, 10, 10, linear=True) == 2.0
    assert multiplier(2.0, 10, 5, linear=True) == pytest.approx(2.0 / math.sqrt(2))
    assert multiplier(2.0, 4, 4, linear=False) == 1.0


def test_epsilon_grows_with_rounds_and_shrinks_with_noise() -> None:
    assert _epsilon(1.0, 1) < _epsilon(1.0, 10)
    assert _epsilon(4.0, 10) < _epsilon(1.0, 10)


def test_epsilon_is_that_of_the_gaussian_mechanism() -> None:
    """One release at multiplier 1 and delta 1e-5 is (4.38, 1e-5)-private exactly (Balle and Wang 2018); Rényi bounds it from
    above.
    """
    assert 4.37 < _epsilon(1.0, 1) < 5.5


def test_a_round_without_noise_leaves_no_bound() -> None:
    assert Accountant([1.0, 0.0]).epsilon() is None
    assert Accountant().epsilon() is None


def test_the_account_goes_on_after_a_restart() -> None:
    before = Accountant([1.0, 1.0])
    after = Accountant(before.multipliers)
    after.spend(1.0)
    assert after.epsilon() == Accountant([1.0, 1.0, 1.0]).epsilon()


def _epsilon(noise: float, rounds: int) -> float:
    epsilon = Accountant([noise] * rounds).epsilon()
    assert epsilon is not None
    return epsilon
