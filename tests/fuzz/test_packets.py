"""No input makes the wire or a code raise anything but their own errors, or return what was not sent."""

import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from devices.contract import wire
from devices.contract.wire import Packet, WireError, pack, unpack
from inference.engine import catalogue
from inference.engine.codecs import feature_code, learned_code
from inference.engine.codecs.feature_code import CodecError, PooledCode
from inference.engine.codecs.learned_code import LearnedCode
from tests.fuzz.mutations import Mutation, mutate, mutations

SHORT = st.integers(0, 255)
DIGEST = st.binary(min_size=wire.DIGEST, max_size=wire.DIGEST)
PACKETS = st.builds(
    lambda k, level, after, tower, code, payload: Packet(
        k, max(level, after + 1) if after else level, tower, code, payload, after
    ),
    SHORT,
    SHORT,
    st.integers(0, 254),
    DIGEST,
    DIGEST,
    st.binary(max_size=500),
)


@pytest.fixture(scope="module")
def learned() -> LearnedCode:
    file = catalogue.profile("compact").code_file
    assert file is not None
    return next(iter(learned_code.load(file).values()))


@given(PACKETS)
def test_every_packet_comes_back(packet: Packet) -> None:
    assert unpack(pack(packet)) == packet


@settings(max_examples=400)
@given(PACKETS, mutations())
def test_a_changed_packet_is_refused_or_the_same(packet: Packet, changes: list[Mutation]) -> None:
    data = pack(packet)
    other = mutate(data, changes)
    try:
        unpacked = unpack(other)
    except WireError as refusal:
        assert refusal.message.endswith(".")
        assert other != data
    else:
        assert other == data and unpacked == packet


@settings(max_examples=300)
@given(st.binary(max_size=200))
@example(wire.MAGIC + bytes([wire.VERSION]) + bytes(32))
def test_random_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        unpack(data)


@given(st.binary(min_size=wire.CHECKED, max_size=wire.CHECKED), st.binary(max_size=40))
def test_a_header_may_claim_anything(fields: bytes, payload: bytes) -> None:
    """An attacker can fix the checksum; version and levels must still be valid, and declared sizes allocate nothing."""
    head = wire.MAGIC + fields[2:]
    data = head + struct.pack(">I", zlib.crc32(payload, zlib.crc32(head))) + payload
    tracemalloc.start()
    try:
        unpacked = unpack(data)
        assert (
            fields[2] == wire.VERSION
            and unpacked.payload == payload
            and (unpacked.after < unpacked.level or not unpacked.after)
        )
    except WireError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 64 * 1024


@settings(max_examples=150)
@given(level=st.integers(-3, 9), payload=st.binary(max_size=4200))
def test_a_learned_code_decodes_anything_to_numbers_or_refuses(learned: LearnedCode, level: int, payload: bytes) -> None:
    _decodes(learned, level, payload)


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 1))
def test_random_bits_of_the_right_length_become_features_of_bounded_size(learned: LearnedCode, seed: int, share: float) -> None:
    level = 1 + round(share * (len(learned.sizes) - 1))
    payload = np.random.default_rng(seed).bytes(learned.sizes[level - 1])
    features = _decodes(learned, level, payload)
    assert features is not None and float(np.abs(features).max()) < 1e4


@settings(max_examples=150)
@given(level=st.integers(1, 3), seed=st.integers(0, 2**32 - 1))
def test_a_pooled_code_decodes_anything_to_numbers_or_refuses(level: int, seed: int) -> None:
    code = PooledCode(17, 6)
    _decodes(code, level, np.random.default_rng(seed).bytes(code.sizes[level - 1]))


@given(
    level=st.integers(1, 3),
    values=st.lists(st.floats(width=32, allow_nan=False), min_size=20, max_size=20),
)
def test_any_features_can_be_packed_and_read_back(level: int, values: list[float]) -> None:
    """Also huge ones: no photo may lead to a packet that its own tail refuses."""
    features = np.resize(np.array(values, np.float32).clip(-1e6, 1e6), (17, 6))
    code = PooledCode(17, 6)
    payload = code.encode(features, level)
    assert len(payload) == code.sizes[level - 1] and _decodes(code, level, payload) is not None


def _decodes(code: feature_code.Code, level: int, payload: bytes) -> np.ndarray | None:
    tracemalloc.start()
    try:
        features = code.decode(payload, level)
    except CodecError as refusal:
        assert str(refusal).endswith(".")
        return None
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert features.dtype == np.float32 and features.ndim == 2 and np.isfinite(features).all()
    assert peak < 16 * 1024 * 1024  # self-attention over 401 tokens
    return features
