"""Codes that add up under masks, and what error feedback makes of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.app.compression.flat_parameters import Layout
from federation.app.compression.modular_quantiser import ErrorFeedback, ModularQuantiser, least_bits, pack, unpack

LAYOUT = Layout({"first": (8, 3, 3, 3), "bias": (8,), "last": (10, 30)})


def vector(seed: int, size: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, size, LAYOUT.size).astype(np.float32)


@given(bits=st.integers(1, 16), count=st.integers(0, 300), seed=st.integers(0, 99))
def test_packed_codes_come_back(bits: int, count: int, seed: int) -> None:
    codes = np.random.default_rng(seed).integers(0, 2**bits, count).astype(np.uint32)
    data = pack(codes, bits)
    assert len(data) == -(-count * bits // 8)
    assert (unpack(data, bits, count) == codes).all()


def test_bytes_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fill"):
        unpack(b"123", 4, 7)


def test_arrays_come_back_from_the_vector() -> None:
    arrays = LAYOUT.arrays(vector(0))
    assert {name: array.shape for name, array in arrays.items()} == LAYOUT.shapes
    assert (LAYOUT.flat(arrays) == vector(0)).all()


@pytest.mark.parametrize(("bits", "most"), [(1, 0.40), (2, 0.15), (4, 0.02), (8, 0.001)])
def test_more_bits_lose_less(bits: int, most: float) -> None:
    code = ModularQuantiser.agreed(LAYOUT, bits, 1.0, 0, 1)
    rows, values = code.rows(1), vector(1)
    scales = code.scales(values, rows)
    left = values - code.decode(code.encode(values, rows, scales), rows, scales)
    assert float((left**2).sum() / (values**2).sum()) < most


def test_a_layer_of_zeros_stays_zero() -> None:
    code = ModularQuantiser.agreed(LAYOUT, 1, 1.0, 0, 1)
    scales = np.zeros(3, np.float32)
    codes = ErrorFeedback.new(code).encode(np.zeros(LAYOUT.size, np.float32), 1, scales)
    assert not code.decode(codes, code.rows(1), scales).any()


def test_every_coordinate_is_sent_once_in_as_many_rounds_as_the_share_says() -> None:
    code = ModularQuantiser.agreed(LAYOUT, 4, 0.25, 3, 1)
    sent = np.concatenate([code.rows(number) for number in range(4, 8)])
    assert sorted(sent) == list(range(LAYOUT.size))


def test_every_machine_draws_the_same_coordinates() -> None:
    assert (
        ModularQuantiser.agreed(LAYOUT, 4, 0.1, 7, 1).rows(5) == ModularQuantiser.agreed(LAYOUT, 4, 0.1, 7, 1).rows(5)
    ).all()
    assert len(ModularQuantiser.agreed(LAYOUT, 4, 0.1, 7, 1).rows(5)) == pytest.approx(LAYOUT.size / 10, abs=1)


@pytest.mark.parametrize(("bits", "share"), [(1, 1.0), (4, 0.25)])
def test_what_one_round_loses_a_later_one_brings(bits: int, share: float) -> None:
    """A client that always gains the same has sent nearly all of it after a while: the residual does not grow."""
    code, gain = ModularQuantiser.agreed(LAYOUT, bits, share, 0, 1), vector(2)
    uplink, received = ErrorFeedback.new(code), np.zeros(LAYOUT.size, np.float32)
    for number in range(1, 41):
        rows = code.rows(number)
        scales = code.scales((gain + uplink.residual)[rows], rows)
        codes = uplink.encode(gain, number, scales)
        received[rows] += code.decode(codes, rows, scales)
    assert np.allclose(received + uplink.residual, 40 * gain, atol=1e-2)
    assert np.linalg.norm(uplink.residual) < 8 * np.linalg.norm(gain)


def test_a_sum_of_codes_is_the_code_of_the_sum() -> None:
    code = ModularQuantiser.agreed(LAYOUT, 5, 1.0, 0, summands=10)
    rows, scales = code.rows(1), np.full(3, 0.8, np.float32)
    codes = [code.encode(vector(client), rows, scales) for client in range(10)]
    total = np.sum(codes, axis=0) % 2**5
    single = np.sum([code.decode(array, rows, scales) for array in codes], axis=0)
    assert np.allclose(code.decode(total, rows, scales, summands=10), single, atol=1e-4)


def test_too_few_bits_for_so_many_summands_are_refused() -> None:
    assert least_bits(10) == 4
    assert ModularQuantiser.agreed(LAYOUT, 4, 1.0, 0, summands=10).levels == 2
    with pytest.raises(ValueError, match="at least 4 bits"):
        ModularQuantiser.agreed(LAYOUT, 3, 1.0, 0, summands=10)
