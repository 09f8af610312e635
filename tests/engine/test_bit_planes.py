"""Bit planes: any prefix decodes to what it says, all bits to everything, and few bits are spent on zeros."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.engine.codecs.bit_planes import PLANES, REFINE, BitPlanes, Coefficients

GROUPS = np.array([0] * 6 + [1] * 30 + [0] * 4 + [2] * 60)
PASSES = sorted((plane + 2 * group + (low == REFINE), group, plane, low) for group in range(3) for plane in range(PLANES)
                for low in (group + 1, REFINE) if plane or low != REFINE)  # fmt: skip
CODE = BitPlanes(GROUPS, np.array([one[1:] for one in PASSES]))
EVERYTHING = 400  # bytes


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    magnitudes = np.minimum(random.exponential(2.0 ** random.uniform(0, PLANES), len(GROUPS)), 2**PLANES - 1)
    return magnitudes.astype(np.int64), random.random(len(GROUPS)) < 0.5


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_all_bits_say_everything(seed: int) -> None:
    magnitudes, negative = drawn(seed)
    known = CODE.decode(CODE.encode(magnitudes, negative, EVERYTHING))
    assert np.array_equal(known.magnitudes, magnitudes) and (known.planes == PLANES).all()
    assert np.array_equal(known.negative[magnitudes > 0], negative[magnitudes > 0])


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(0, EVERYTHING))
@settings(max_examples=100)
def test_a_prefix_says_nothing_wrong(seed: int, size: int) -> None:
    magnitudes, negative = drawn(seed)
    payload = CODE.encode(magnitudes, negative, size)
    assert len(payload) == size and CODE.encode(magnitudes, negative, EVERYTHING).startswith(payload)
    known = CODE.decode(payload)
    assert np.array_equal(known.magnitudes, magnitudes >> (PLANES - known.planes))
    assert np.array_equal(known.negative, negative & (known.magnitudes > 0))


def test_more_bytes_say_more() -> None:
    magnitudes, negative = drawn(5)
    planes = [CODE.decode(CODE.encode(magnitudes, negative, size)).planes for size in range(0, EVERYTHING, 7)]
    assert all((later >= earlier).all() for earlier, later in itertools.pairwise(planes))
    assert planes[0].max() == 0 and planes[-1].min() == PLANES


def test_the_first_passes_are_sent_first() -> None:
    magnitudes = np.full(len(GROUPS), 2**PLANES - 1)
    known = CODE.decode(CODE.encode(magnitudes, magnitudes < 0, 6))
    assert known.planes[GROUPS == 0].min() > 0 == known.planes[GROUPS == 2].max()


@given(st.binary(max_size=EVERYTHING))
@settings(max_examples=300)
def test_any_bytes_decode_to_something_bounded(payload: bytes) -> None:
    known = CODE.decode(payload)
    assert isinstance(known, Coefficients)
    assert (known.planes <= PLANES).all() and (known.magnitudes >> known.planes == 0).all()


def test_zeros_cost_next_to_nothing() -> None:
    nothing = np.zeros(len(GROUPS), np.int64)
    known = CODE.decode(CODE.encode(nothing, nothing > 0, EVERYTHING))
    assert not known.magnitudes.any() and (known.planes == PLANES).all()
    rare = BitPlanes(np.zeros(5000, np.int64), np.array([(0, 0, 9)]))
    assert rare.decode(rare.encode(np.zeros(5000, np.int64), np.zeros(5000, np.bool_), 2)).planes.all(), "ten ones"


@pytest.mark.parametrize(("share", "low"), [(0.3, 1), (0.1, 3), (0.02, 5), (0.004, 7)])
def test_runs_take_hardly_more_than_their_entropy(share: float, low: int) -> None:
    """One pass over 40,000 coefficients, of which a share is not zero; a sign takes a bit."""
    random = np.random.default_rng(1)
    magnitudes, negative = ((random.random(40_000) < part).astype(np.int64) << PLANES - 1 for part in (share, 0.5))
    code = BitPlanes(np.zeros(40_000, np.int64), np.array([(0, 0, low)]))
    entropy = 40_000 * -(share * np.log2(share) + (1 - share) * np.log2(1 - share)) + np.count_nonzero(magnitudes)
    size = int(1.04 * entropy / 8) + 1
    assert code.decode(code.encode(magnitudes, negative > 0, size)).planes.all()
    assert not code.decode(code.encode(magnitudes, negative > 0, int(0.95 * entropy / 8))).planes.all()


@pytest.mark.parametrize(
    "passes",
    [
        [(0, 1, 2)],  # begins with the second plane
        [(0, 0, 2), (0, 0, 2)],
        [(0, 0, 2), (0, 1, 2), (0, 2, REFINE)],  # the second was not refined
        [(0, 1, REFINE)],  # nothing is known yet
        [(1, 0, 2)],  # a group without members
        [(0, 0, REFINE - 1)],
        [(0, 0, 99)],
    ],
)
def test_passes_that_do_not_follow_one_another_are_refused(passes: list[tuple[int, int, int]]) -> None:
    with pytest.raises(ValueError, match="schedule"):
        BitPlanes(np.zeros(4, np.int64), np.array(passes))
