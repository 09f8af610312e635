"""The receipt's type (inference/receipt.py) describes what is made now and what earlier versions stored."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from devices.contract.results import AnswerResult
from inference import receipt
from inference.answering import receipts
from inference.answering.execute import Outcome
from tests.placement.worlds import worlds

# As the first version stored it.
FIRST: dict[str, Any] = {
    "task": "vqa", "route": "edge", "split_at": None, "level": None, "codec": "webp", "quality": 60,
    "device": "jetson-a", "edge": "edge-1", "policy": "fastest", "forced": None, "reason": "Edge with WebP 60.",
    "link": {"up_bytes_per_s": 1e5, "rtt_ms": 10.0, "age_s": 1.0, "source": "transfers"},
    "bytes": {"photo": 90_000, "uplink": 9_000, "placing": 0},
    "candidates": [
        {
            "route": "edge", "split_at": None, "level": None, "codec": "webp", "quality": 60, "predicted_ms": 140.0,
            "uplink_bytes": 9_000, "accuracy": 0.8, "allowed": True, "why_not": None, "chosen": True,
        }
    ],
    "predicted_ms": 140.0, "predicted": {"device": 0.0, "edge": 40.0},
    "actual_ms": {"queue": 0.0, "device": 1.0, "uplink": 100.0, "edge": 40.0, "overhead": 9.0, "total": 150.0},
    "photo_left_device": True, "fell_back_from": [{"node": "edge-2", "why": "edge-2 is offline."}],
    "simulated": {"device": None, "edge": None}, "answer": "a dog", "confidence": 0.9, "sure": True, "top": [["a dog", 0.9]],
}  # fmt: skip


def finished(unfinished: receipt.Receipt) -> receipt.Receipt:
    answer = AnswerResult(text="a dog", confidence=0.9, sure=True, top=[("a dog", 0.9)])
    outcome = Outcome("jetson-a", "vqa", answer)
    outcome.actual_ms |= {"overhead": 1.0, "total": 1.0}
    return receipts.finish(unfinished, outcome, "", 0.0)


def test_every_receipt_that_is_made_has_the_type_and_survives_the_database() -> None:
    for world in worlds(100, seed=4):
        for result in (world.receipt(), finished(world.receipt())):
            stored = json.loads(json.dumps(result, allow_nan=False))
            assert json.loads(json.dumps(receipt.parse(stored))) == stored


def test_a_receipt_names_no_key_that_its_type_does_not_know() -> None:
    properties = receipt.json_schema()["properties"]
    for world in worlds(20, seed=5):
        assert set(finished(world.receipt())) <= set(properties)


def test_a_receipt_of_the_first_version_still_parses() -> None:
    assert receipt.parse(FIRST)["answer"] == "a dog"


def test_keys_of_a_later_version_are_passed_on() -> None:
    assert receipt.parse({**FIRST, "energy_j": 0.4})["energy_j"] == 0.4  # type: ignore[typeddict-item]


@pytest.mark.parametrize("wrong", [{"route": None}, {"candidates": [{}]}, {"bytes": {"photo": "many"}}])
def test_what_is_no_receipt_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        receipt.parse({**FIRST, **wrong})
