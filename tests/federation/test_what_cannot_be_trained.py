"""What could only fail later is refused before the start, beside the field that a person would change."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone

from devices.models import Node
from devices.telemetry import presence
from federation.app import data
from federation.app.datasets.digits import DIGITS
from federation.app.errors import CannotSplit
from federation.app.privacy import differential
from federation.models import Run
from federation.runs import cost, feasibility, label_distribution, spec
from federation.runs.spec import RunSpec
from webapp.live.errors import UserError

JSON = "application/json"


# -- an uneven split --------------------------------------------------------------------------------------------------------


def test_the_sizes_of_the_classes_are_those_of_the_data() -> None:
    examples, _ = data.load("digits", False, data.root())
    assert tuple(np.bincount(examples.labels.numpy())) == DIGITS.class_sizes


@pytest.mark.filterwarnings("ignore:The specified min_partition_size")
@pytest.mark.parametrize("clients", [10, 20, 50])
@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.1, 0.5])
def test_a_split_that_cannot_be_made_is_foreseen_exactly(clients: int, alpha: float) -> None:
    examples, _ = data.load("digits", False, data.root())
    for seed in range(3):
        partitioning = data.Partitioning("dirichlet", clients, alpha, seed)
        try:
            data.partition(examples.labels, partitioning)
            possible = True
        except CannotSplit:
            possible = False
        assert feasibility.splits(DIGITS.class_sizes, clients, alpha, seed) is possible


def test_such_a_split_is_refused_in_the_form() -> None:
    accepted, problems = spec.read({"clients": 20, "partition": "dirichlet", "alpha": 0.01, "rounds": 1})
    assert accepted is None
    assert problems == {
        "alpha": "Digits cannot be split so unevenly (alpha 0.01) over 20 clients: some would have almost no examples. Choose "
        "a larger alpha, fewer clients, or another seed."
    }
    assert spec.read({"clients": 20, "partition": "iid", "alpha": 0.01})[1] == {}


@pytest.mark.filterwarnings("ignore:The specified min_partition_size")
def test_where_it_was_not_foreseen_the_run_says_the_same() -> None:
    stored = RunSpec(clients=20, partition="dirichlet", alpha=0.01)
    with pytest.raises(UserError, match="cannot be split so unevenly"):
        label_distribution.holdings(stored)


# -- a deadline that the link cannot meet -----------------------------------------------------------------------------------


def test_a_deadline_shorter_than_the_bytes_take_is_refused() -> None:
    slow = {"model": "resnet-small", "compression": "none", "uplink_bytes_per_s": 10_000, "round_deadline_s": 60}
    _, problems = spec.read(slow)
    assert problems == {
        "round_deadline_s": "A round sends 1.1 MB up and 1.1 MB down for each client: 109 s over a link of 10 KB/s up, more "
        "than the deadline of 60 s. Choose a longer deadline or fewer bits."
    }
    assert spec.read({**slow, "round_deadline_s": 120})[1] == {}
    assert spec.read({**slow, "compression": "sketch"})[1] == {}


@pytest.fixture
def client(owner: Any, client_of: Callable[..., Client]) -> Client:
    return client_of(owner)


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "OFFLINE_S", 600.0)  # nobody here sends heartbeats


def _node(slug: str, uplink: int | None) -> None:
    facts = {"lanes": {"train": True}, "last_seen": timezone.now(), "simulated_uplink_bytes_per_s": uplink}
    Node.objects.create(slug=slug, tier="device", approved=True, token_sha256=slug, **facts)


@pytest.mark.django_db
@pytest.mark.usefixtures("_patient")
def test_the_link_of_every_node_is_looked_at(client: Client) -> None:
    _node("jetson-a", 10_000)
    run = {"spec": {"compression": "none", "model": "resnet-small", "round_deadline_s": 60}, "start": True}
    problems = client.post("/api/v1/federation/estimate", run, JSON).json()["problems"]
    assert "s over the link of jetson-a (10 KB/s up), more than the deadline of 60 s." in problems["round_deadline_s"]
    answer = client.post("/api/v1/federation/runs", run, JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "deadline_too_short")
    assert not Run.objects.exists()
    _node("jetson-b", None)
    assert client.post("/api/v1/federation/estimate", run, JSON).json()["problems"] == {}, "jetson-b can serve all clients"


# -- a privacy budget -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("noise", "rounds"), [(1.0, 1), (0.5, 20), (2.0, 100), (30.0, 3), (0.05, 1000)])
def test_the_epsilon_of_the_estimate_is_that_of_the_account(noise: float, rounds: int) -> None:
    assert differential.epsilon_after(noise, rounds) == pytest.approx(
        differential.Accountant([noise] * rounds).epsilon(), rel=1e-9
    )
    assert differential.epsilon_after(0.0, 1) is None


def test_epsilon_is_shown_before_the_start() -> None:
    plain = RunSpec(rounds=10, compression="none", privacy=spec.Privacy(noise_multiplier=2.0))
    estimate = cost.estimate(plain)
    assert estimate.epsilon == pytest.approx(differential.Accountant([2.0] * 10).epsilon())
    assert estimate.epsilon_most is not None and estimate.epsilon is not None
    assert estimate.epsilon_most > estimate.epsilon, "missing clients add no noise"
    assert cost.estimate(RunSpec()).epsilon is None


@pytest.mark.parametrize("fields", [{"compression": "sketch"}, {"compression": "none", "secure_aggregation": True}])
def test_behind_a_quantiser_each_client_counts_on_its_own_noise_alone(fields: Any) -> None:
    quantised = cost.estimate(RunSpec(rounds=10, privacy=spec.Privacy(noise_multiplier=2.0), **fields))
    assert quantised.epsilon == quantised.epsilon_most == pytest.approx(differential.Accountant([1.0] * 10).epsilon())


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"privacy": {"noise_multiplier": 0}}, "privacy.noise_multiplier", "no bound on epsilon"),
        ({"privacy": {}, "strategy": "krum", "clients": 8}, "strategy", "the privacy budget cannot be computed"),
        ({"privacy": {}, "strategy": "trimmed-mean"}, "strategy", "the privacy budget cannot be computed"),
    ],
)
def test_what_cannot_be_accounted_for_is_refused(fields: Any, field: str, words: str) -> None:
    accepted, problems = spec.read(fields)
    assert accepted is None and list(problems) == [field]
    assert words in problems[field]


@pytest.mark.django_db
def test_the_api_says_epsilon_too(client: Client) -> None:
    body = {"spec": {"privacy": {"noise_multiplier": 2.0}, "rounds": 5}}
    estimate = client.post("/api/v1/federation/estimate", body, JSON).json()["estimate"]
    assert 0 < estimate["epsilon"] <= estimate["epsilon_most"]


def test_a_run_on_photos_weighs_its_devices_equally_under_privacy() -> None:
    """A weight by the number of photos would multiply what one device can change."""
    from federation.app import server_app

    settings = RunSpec(dataset="photos", privacy=spec.Privacy()).settings()
    assert server_app._test_set(settings) == (None, 0.0)


# -- numbers that are none --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        '{"rounds": NaN}',
        '{"rounds": 1e400}',
        '{"rounds": "ten"}',
        '{"rounds": 0}',
        '{"trim": 0.5}',
        '{"seed": 1e23}',
        '{"x": 1}',
    ],
)
def test_an_invalid_number_never_becomes_a_run(client: Client, text: str) -> None:
    answer = client.post("/api/v1/federation/runs", f'{{"spec": {text}, "start": true}}', JSON)
    assert answer.status_code == 422, answer.content
    assert answer.json()["error"]["message"].endswith(".")
    assert not Run.objects.exists()
