"""Entropy-coded updates at a target bit rate, and clients that have the model the server expects."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.app.compression.downlink import Downlink, apply
from federation.app.compression.entropy import EntropyCode, pack, unpack
from federation.app.compression.flat_parameters import Layout, Vector

LAYOUT = Layout({"first": (64, 3, 3, 3), "bias": (64,), "last": (100, 300)})


def vector(seed: int, size: float = 1.0) -> Vector:
    """Like an update: far more small values than a normal variable has, and layers of very different size."""
    draw = np.random.default_rng(seed)
    values = draw.laplace(0, size, LAYOUT.size) * np.repeat([1.0, 0.01, 30.0], LAYOUT.sizes)
    return values.astype(np.float32)


def there_and_back(code: EntropyCode, values: Vector, base: Vector | None = None) -> Vector:
    base = np.zeros_like(values) if base is None else base
    return code.decode(*code.encode(values, base), base)


def cosine_squared(back: Vector, values: Vector) -> float:
    """The squared cosine, which no scale changes, the mean over the layers."""
    cuts = np.cumsum(LAYOUT.sizes)[:-1]
    parts = zip(np.split(back, cuts), np.split(values, cuts), strict=True)
    return float(np.mean([(decoded @ part) ** 2 / ((decoded @ decoded) * (part @ part)) for decoded, part in parts]))


@pytest.mark.parametrize(("bits", "most"), [(0.5, 0.7), (1.0, 0.5), (2.0, 0.15), (4.0, 0.01), (8.0, 0.0003)])
def test_more_bits_lose_less(bits: float, most: float) -> None:
    code, values = EntropyCode(LAYOUT, bits), vector(1)
    assert cosine_squared(there_and_back(code, values), values) > 1 - most


def test_a_decoded_layer_is_as_long_in_the_direction_of_its_update() -> None:
    code, values = EntropyCode(LAYOUT, 1.0), vector(5)
    back = there_and_back(code, values)
    for decoded, part in zip(*(np.split(vector, np.cumsum(LAYOUT.sizes)[:-1]) for vector in (back, values)), strict=True):
        assert decoded @ part == pytest.approx(part @ part, rel=1e-4)


@pytest.mark.parametrize("bits", [0.3, 1.0])
def test_the_component_parallel_to_the_weights_survives_few_bits(bits: float) -> None:
    """Weight decay: a small part of every value, which no single one of them would convey."""
    code, base = EntropyCode(LAYOUT, bits), vector(6)
    update = vector(7, 0.3) - np.float32(0.01) * base
    back = there_and_back(code, update, base)
    for decoded, part, whole in zip(*(np.split(v, np.cumsum(LAYOUT.sizes)[:-1]) for v in (back, update, base)), strict=True):
        assert decoded @ whole == pytest.approx(part @ whole, rel=1e-3)


@pytest.mark.parametrize("bits", [0.2, 0.5, 1.0, 2.0])
def test_an_update_has_about_the_bytes_that_were_asked_for(bits: float) -> None:
    packed, scales = EntropyCode(LAYOUT, bits).encode(vector(2), vector(3))
    assert 8 * len(packed) / LAYOUT.size == pytest.approx(bits, rel=0.25)
    assert scales.nbytes == 8 * len(LAYOUT.shapes)


def test_one_bit_keeps_more_than_the_sign_with_the_mean_size_does() -> None:
    values = vector(3)
    by_sign = [np.sign(part) * np.abs(part).mean() for part in np.split(values, np.cumsum(LAYOUT.sizes)[:-1])]
    code = EntropyCode(LAYOUT, 1.0)
    assert cosine_squared(there_and_back(code, values), values) > cosine_squared(np.concatenate(by_sign), values) + 0.1


def test_a_layer_of_zeros_stays_zero_and_so_does_an_update_of_zeros() -> None:
    code, values = EntropyCode(LAYOUT, 1.0), vector(4)
    values[: LAYOUT.sizes[0]] = 0
    assert not there_and_back(code, values)[: LAYOUT.sizes[0]].any()
    assert not there_and_back(code, np.zeros_like(values)).any()


@given(st.lists(st.integers(-(2**15) + 1, 2**15 - 1), min_size=1, max_size=200))
def test_packed_levels_come_back(levels: list[int]) -> None:
    original = np.array(levels, np.int16)
    assert (unpack(pack(original), len(original)) == original).all()


@settings(max_examples=200)
@given(st.binary(max_size=300), st.integers(0, 400), st.integers(0, 255))
def test_any_bytes_are_levels_or_refused(noise: bytes, at: int, other: int) -> None:
    for data in (noise, _with(pack(np.arange(-50, 50, dtype=np.int16)), at, other)):
        try:
            assert len(unpack(data, 100)) == 100
        except ValueError as error:
            assert "levels" in str(error)


def _with(data: bytes, at: int, other: int) -> bytes:
    place = at % len(data)
    return data[:place] + bytes([other]) + data[place + 1 :]


def test_bytes_that_unpack_to_far_more_are_refused_before_they_do() -> None:
    bomb = pack(np.zeros(50_000_000, np.int16))
    assert len(bomb) < 10_000
    with pytest.raises(ValueError, match="does not have 100"):
        unpack(bomb, 100)


@pytest.mark.parametrize("bits", [0.3, 1.0, 4.0])
def test_clients_have_the_model_that_the_server_expects(bits: float) -> None:
    code = EntropyCode(LAYOUT, bits)
    first = vector(0)
    downlink, client_model, model = Downlink(code, first.copy()), first, first.copy()
    for number in range(1, 9):
        model = model + vector(number, 0.1)
        client_model = apply(code, client_model, [downlink.advance(model, number)])
        assert (client_model == downlink.client_model).all()
    assert np.linalg.norm(model - client_model) < np.linalg.norm(model - first)


def test_a_client_that_missed_rounds_is_brought_them_together() -> None:
    code, first = EntropyCode(LAYOUT, 1.0), vector(0)
    downlink = Downlink(code, first.copy())
    for number in range(1, 6):
        downlink.advance(first + vector(number), number)
    missed = downlink.since(2)
    assert missed is not None
    assert [update.round for update in missed] == [3, 4, 5]
    client_model = first
    for number in range(1, 6):
        client_model = apply(code, client_model, [update for update in downlink.sent if update.round == number])
    assert (client_model == downlink.client_model).all()


def test_a_client_that_missed_too_much_gets_the_whole_model() -> None:
    code = EntropyCode(LAYOUT, 8.0)
    downlink = Downlink(code, vector(0))
    for number in range(1, 9):
        downlink.advance(vector(number), number)
    assert downlink.since(1) is None
    assert downlink.since(None) is None
