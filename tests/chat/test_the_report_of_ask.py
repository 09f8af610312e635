"""What `manage.py ask` prints of a receipt: the words that pages have, and times that add up."""

import re
from typing import Any

import pytest

from tests.placement.test_receipt_type import FIRST
from webapp.management.receipt_lines import receipt_lines


def report(**more: Any) -> str:
    return "\n".join(receipt_lines({**FIRST, **more}))  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("receipt", "words"),
    [
        ({"confidence": 0.8, "sure": True, "certainty": "flat"}, "Confident, confidence 0.80, calibrated on held-out photos"),
        ({"confidence": 0.7, "sure": True}, "Probably right, confidence 0.70, calibrated on held-out photos"),
        ({"confidence": 0.9, "sure": False}, "A guess, confidence 0.90, calibrated on held-out photos"),
        (
            {"confidence": 0.1, "sure": False, "certainty": "none"},
            "Cannot tell, confidence 0.10, calibrated on held-out photos",
        ),
        ({"confidence": 0.3, "sure": False}, "A guess, confidence 0.30, calibrated on held-out photos"),
        ({"confidence": 0.4, "sure": False, "model": "run 3"}, "A guess, confidence 0.40, not calibrated"),
        (
            {"confidence": 0.9, "sure": True, "certainty": "probable"},
            "Probably right, confidence 0.90, calibrated on held-out photos",
        ),
    ],
)
def test_it_says_how_sure_the_answer_is(receipt: dict[str, Any], words: str) -> None:
    assert report(**receipt).splitlines()[-1].strip() == words


def test_its_times_add_up() -> None:
    parts = {"queue": 3.33, "device": 40.17, "uplink": 12.5, "edge": 21.25, "overhead": 9.99}
    line = next(line for line in report(actual_ms={**parts, "total": 87.24}).splitlines() if "took" in line)
    total, *rest = [float(number) for number in re.findall(r"[\d.]+", line.split("took")[1])]
    assert sum(rest) == pytest.approx(total)
