"""The times of a receipt: its parts are its total, whatever the clocks of the nodes measured."""

from hypothesis import given
from hypothesis import strategies as st

from inference.receipt import actual

PARTS = ("queue", "device", "uplink", "edge", "overhead")
MS = st.floats(0, 60_000, allow_nan=False)


@given(queue=MS, device=MS, uplink=MS, edge=MS, total=MS)
def test_the_parts_of_a_receipt_are_its_total(queue: float, device: float, uplink: float, edge: float, total: float) -> None:
    times = actual({"queue": queue, "device": device, "uplink": uplink, "edge": edge}, total)
    assert abs(sum(times[name] for name in PARTS) - times["total"]) < 0.006  # type: ignore[literal-required]
    assert abs(times["total"] - total) < 0.04 and min(times.values()) >= 0  # type: ignore[type-var]


def test_what_was_measured_stays_as_it_is_and_the_rest_is_overhead() -> None:
    times = actual({"queue": 3.0, "device": 40.0, "uplink": 7.0, "edge": 20.0}, 100.0)
    assert times == {"queue": 3.0, "device": 40.0, "uplink": 7.0, "edge": 20.0, "overhead": 30.0, "total": 100.0}


def test_waiting_is_reduced_first_where_the_clocks_measured_more_than_passed() -> None:
    times = actual({"queue": 50.0, "device": 40.0, "uplink": 0.0, "edge": 30.0}, 100.0)
    assert (times["queue"], times["device"], times["edge"], times["overhead"]) == (30.0, 40.0, 30.0, 0.0)
