"""What a request to train names, and the words behind each field. What is not named stays a default."""

from typing import Any

import pytest

from federation.runs import spec
from inference.planning import draft_summary
from inference.planning.offline import Context, plan
from inference.planning.training import tables as training


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("train on ten boards", {"clients": 10}),
        ("train with twenty-five clients", {"clients": 25}),
        ("train with a dozen devices", {"clients": 12}),
        ("train for half an hour", {"wall_clock_s": 1800}),
        ("train for 90 minutes, each round at most 45 seconds", {"wall_clock_s": 5400, "round_deadline_s": 45}),
        ("train with lr 0.05 and batches of 16", {"learning_rate": 0.05, "batch_size": 16}),
        ("train with alpha 0.3", {"alpha": 0.3, "partition": "dirichlet"}),
        ("train over 250 KB/s up and 500 KB/s down", {"uplink_bytes_per_s": 250000, "downlink_bytes_per_s": 500000}),
        ("train over 64 kbit/s", {"uplink_bytes_per_s": 8000}),
        ("train clients=10 rounds=20", {"clients": 10, "rounds": 20}),
        ("train with differential privacy, noise 1.1, clip 0.5", {"privacy": {"noise_multiplier": 1.1, "clip": 0.5}}),
        ("train without compression", {"compression": "none"}),
        ("train on CIFAR-10 with a resnet", {"dataset": "cifar10", "model": "resnet-small"}),
        ("train a model without seeing their photos", {}),
    ],
)
def test_fields_are_read_from_the_words(message: str, named: dict[str, Any]) -> None:
    assert training.read(message).spec() == named


def test_each_field_tells_the_words_that_caused_it() -> None:
    draft = training.read("Train on ten boards with FedProx for at most 20 minutes")
    assert draft.why() == {"clients": "ten boards", "strategy": "fedprox", "wall_clock_s": "20 minutes"}


@pytest.mark.parametrize(
    "message", ["train with 5000000 clients", "train with lr 400", "train with 0 rounds", "train with -5 clients"]
)
def test_a_number_out_of_bounds_is_never_in_the_draft(message: str) -> None:
    assert training.read(message).spec() == {}


def test_what_was_left_out_is_said() -> None:
    draft = training.read("train on ImageNet with 5000000 clients to epsilon 8")
    assert [note.split(";")[0].split(":")[0] for note in draft.notes] == [
        "“5000000 clients” is outside 1 to 1000 for clients",
        "There is no data set “imagenet” here",
        "The privacy budget is a result, not a setting",
    ]


def test_the_bounds_are_those_of_a_run() -> None:
    for name, limits in training.BOUNDS.items():
        assert spec.bounds(f"privacy.{name}" if name in training.PRIVACY else name) == limits, name


@pytest.mark.parametrize(("name", "value", "_"), training._CHOICES)
def test_every_choice_is_one_that_a_run_has(name: str, value: Any, _: str) -> None:
    if name not in {"privacy", "secure_aggregation"}:
        assert value in spec.choices(name)


def test_the_draft_of_a_sentence_is_a_run() -> None:
    message = "Train on CIFAR-10 with 10 clients, 20 rounds, FedProx, alpha 0.5, secure aggregation and privacy, in two hours"
    run_spec, problems = spec.read(training.read(message).spec())
    assert problems == {}
    assert run_spec is not None and (run_spec.clients, run_spec.strategy, run_spec.wall_clock_s) == (10, "fedprox", 7200)


def test_a_draft_is_told_in_words() -> None:
    assert draft_summary.sentence(training.read("train on ten boards, compressed")) == (
        "A training run is drafted: 10 clients (“ten boards”), compressed updates (“compressed”); the rest are defaults. "
        "Nothing starts before you start it."
    )


def test_all_that_a_message_says_of_training_is_one_step() -> None:
    planned = plan("Train a model on digits. Use ten clients. Finish within an hour.", Context(False))
    assert [step.task for step in planned.steps] == ["train"]


@pytest.mark.parametrize(
    "message", ["what is on the train?", "is the man training?", "which train is this?", "what is the trainer wearing?"]
)
def test_a_question_about_a_photo_trains_nothing(message: str) -> None:
    assert "train" not in [step.task for step in plan(message, Context(True)).steps]
