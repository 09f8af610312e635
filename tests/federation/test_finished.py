"""What a run leaves behind."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord
from safetensors.numpy import load_file

from federation.app.reports import Result
from federation.models import Round, Run
from federation.runs import lifecycle, run_artifacts
from federation.runs.spec import RunSpec

pytestmark = pytest.mark.django_db
WEIGHTS = np.arange(640, dtype=np.float32).reshape(10, 64)
CLASSES = [str(number) for number in range(10)]


@pytest.fixture
def files(owner: Any, tmp_path: Path) -> Path:
    run = lifecycle.draft(owner, {"privacy": {}})
    Round.objects.create(run=run, number=1, accuracy=0.9, epsilon=2.5, bytes_up=1000)
    run.holdings = {"classes": CLASSES, "clients": []}
    result = Result(ArrayRecord({"layer.weight": Array(WEIGHTS)}), [])
    run_artifacts.keep(run, RunSpec.model_validate(run.spec), tmp_path, result)
    return tmp_path


def test_the_model_is_the_one_of_the_last_round(files: Path) -> None:
    loaded = load_file(files / "model.safetensors")
    assert np.array_equal(loaded["layer.weight"], WEIGHTS)


def test_the_card_says_what_it_is_and_how_good(files: Path) -> None:
    card = json.loads((files / "card.json").read_text())
    assert card["name"] == f"run {Run.objects.get().pk}"
    assert (card["accuracy"], card["epsilon"], card["parameters"], card["classes"]) == (0.9, 2.5, 640, CLASSES)


def test_people_read_it_as_sentences(files: Path) -> None:
    text = (files / "card.md").read_text()
    assert "90.0 % on held-out examples" in text
    assert "Differential privacy: epsilon 2.50 spent." in text


def test_nothing_half_written_is_left(files: Path) -> None:
    assert sorted(file.name for file in files.iterdir()) == ["card.json", "card.md", "model.safetensors"]


def test_deleting_a_run_removes_its_model_and_its_checkpoint(owner: Any, settings: Any, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path
    run = Run.objects.create(owner=owner, spec=RunSpec().model_dump(), state="done")
    place = run_artifacts.folder(run.pk)
    (place / "checkpoint").mkdir(parents=True)
    (place / run_artifacts.CARD).write_text("{}")
    lifecycle.delete(run)
    assert not place.exists() and not Run.objects.filter(pk=run.pk).exists()
