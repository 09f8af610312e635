"""What a run may be asked to do, and the sentence for what it may not."""

from typing import Any

import pytest

from federation.runs import spec
from federation.runs.cost import estimate
from federation.runs.spec import RunSpec


def test_every_field_has_a_default_that_is_allowed() -> None:
    accepted = RunSpec()
    assert (accepted.dataset, accepted.clients, accepted.quorum) == ("digits", 4, 3)
    assert spec.read(accepted.model_dump()) == (accepted, {})


@pytest.mark.parametrize(
    ("values", "field", "sentence"),
    [
        ({"clients": 0}, "clients", "Clients must be a whole number from 1 to 1,000."),
        ({"clients": "many"}, "clients", "Clients must be a whole number from 1 to 1,000."),
        ({"rounds": 1.5}, "rounds", "Rounds must be a whole number from 1 to 1,000."),
        ({"learning_rate": float("nan")}, "learning_rate", "Learning rate must be a number from 0.000001 to 10."),
        ({"dataset": "imagenet"}, "dataset", "Data set must be one of digits, cifar10, photos."),
        ({"strategy": "best"}, "strategy", "Strategy must be one of fedavg, fedprox, fedadam, scaffold, trimmed-mean, krum."),
        ({"privacy": {"clip": 0}}, "privacy.clip", "Clipping norm must be a number from 0.001 to 1,000."),
        ({"privacy": 7}, "privacy", "Differential privacy must be off, or a noise multiplier and a clipping norm."),
        ({"secure_aggregation": []}, "secure_aggregation", "Secure aggregation must be on or off."),
        ({"trim": 0.5}, "trim", "Trimmed share must be a number from 0 to just under 0.5."),
        ({"uplink_bytes_per_s": 5}, "uplink_bytes_per_s", "Uplink must be a whole number from 1,000 to 10,000,000,000."),
        ({"colour": "red"}, "colour", "A run has no field “colour”."),
        ({"clients": 2, "quorum": 3}, "quorum", "A quorum of 3 can never be met by 2 clients."),
        (
            {"clients": 2, "secure_aggregation": True},
            "secure_aggregation",
            "Secure aggregation hides nothing among fewer than 3 clients.",
        ),
        (
            {"secure_aggregation": True, "strategy": "krum", "clients": 8},
            "strategy",
            "Krum compares single updates, and secure aggregation hides them; choose one of the two.",
        ),
        (
            {"strategy": "krum", "clients": 4},
            "hostile",
            "Krum needs at least 5 clients to tolerate 1 malicious client.",
        ),
    ],
)
def test_each_wrong_field_has_its_sentence(values: dict[str, Any], field: str, sentence: str) -> None:
    accepted, problems = spec.read(values)
    assert accepted is None
    assert problems == {field: sentence}


def test_all_wrong_fields_are_told_at_once() -> None:
    assert set(spec.read({"clients": 0, "rounds": 0, "bits": 99})[1]) == {"clients", "rounds", "bits"}


def test_fewer_nodes_than_clients_take_longer() -> None:
    accepted = RunSpec(clients=8, rounds=5)
    two, eight = estimate(accepted, 2), estimate(accepted, 8)
    assert two.link_s == pytest.approx(4 * eight.link_s)
    assert two.seconds > eight.seconds
    assert two.bytes_up == eight.bytes_up


def test_compression_is_in_the_estimate() -> None:
    plain, small = (estimate(RunSpec(compression=kind, bits=4)) for kind in ("none", "sketch"))
    assert plain.bytes_up > 4 * small.bytes_up
