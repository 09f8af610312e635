"""What a process has from its start is not looked at again by Python's garbage collection."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from webapp.ops import garbage


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


def test_what_was_there_is_left_out_and_what_comes_is_collected() -> None:
    class Node:
        pass

    nodes = [Node() for _ in range(10)]
    garbage.leave_out_what_stays()
    assert gc.get_freeze_count() > 10_000 and not any(one is nodes for one in gc.get_objects())
    new = Node()
    new.itself = new  # type: ignore[attr-defined]
    reference = weakref.ref(new)
    del new
    gc.collect()
    assert reference() is None
