"""Levels on the way: what a refining packet holds, what a cut payload still tells, and what does not fit is refused."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engine.codecs import feature_code, learned_code
from tests.engine.test_restore import LEVELS, SIZES, TOKENS, WIDTH, code_arrays

CODES = (learned_code.LearnedCode(code_arrays(), SIZES), feature_code.PooledCode(TOKENS, WIDTH))


def _features(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(TOKENS, WIDTH)).astype(np.float32)


@pytest.mark.parametrize("code", CODES)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_every_level_is_a_prefix_of_exact_length(code: feature_code.Code, seed: int) -> None:
    payloads = [code.encode(_features(seed), level) for level in range(1, LEVELS + 1)]
    assert tuple(len(payload) for payload in payloads) == code.sizes
    assert all(longer.startswith(shorter) for shorter, longer in itertools.pairwise(payloads))


@pytest.mark.parametrize("code", CODES)
def test_the_rest_after_a_level_completes_it(code: feature_code.Code) -> None:
    for after, level in itertools.combinations(range(LEVELS + 1), 2):
        whole = code.encode(_features(1), level)
        base = code.encode(_features(1), after) if after else b""
        more = feature_code.rest(whole, code.sizes, after)
        assert len(more) == len(whole) - len(base) and feature_code.joined(base, more, code.sizes, after) == whole


@pytest.mark.parametrize(("base", "after"), [(b"", 1), (b"x", 0), (bytes(SIZES[0]), 2), (bytes(SIZES[0]), 9), (b"", -1)])
def test_a_base_of_another_level_is_refused(base: bytes, after: int) -> None:
    with pytest.raises(feature_code.CodecError, match=f"is not level {after}; send them again"):
        feature_code.joined(base, b"more", SIZES, after)


@pytest.mark.parametrize("code", CODES)
@given(keep=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_a_payload_cut_short_decodes_at_the_level_that_is_whole(code: feature_code.Code, keep: float, seed: int) -> None:
    payload = code.encode(_features(seed), LEVELS)
    arrived = payload[: int(keep * len(payload))]
    level = feature_code.whole_level(code.sizes, len(arrived))
    assert level == 0 or code.sizes[level - 1] <= len(arrived)
    assert level == LEVELS or code.sizes[level] > len(arrived)
    if level:
        part = arrived[: code.sizes[level - 1]]
        assert np.array_equal(code.decode(part, level), code.decode(code.encode(_features(seed), level), level))


@given(base=st.binary(max_size=12), more=st.binary(max_size=12), after=st.integers(-2, 5), level=st.integers(-2, 5))
@settings(max_examples=300)
def test_no_base_and_rest_whatever_do_more_than_decode_or_be_refused(base: bytes, more: bytes, after: int, level: int) -> None:
    code = CODES[0]
    try:
        decoded = code.decode(feature_code.joined(base, more, code.sizes, after), level)
    except feature_code.CodecError as refused:
        assert str(refused).endswith(".")
    else:
        assert decoded.shape == (TOKENS, WIDTH) and np.isfinite(decoded).all() and 1 <= level <= LEVELS
