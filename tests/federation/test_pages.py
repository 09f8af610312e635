"""The pages of runs, and what is downloaded from them: one's own and nobody else's."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.models import Node
from federation import form_fields
from federation.models import ClientReport, Round, Run
from federation.runs import lifecycle
from federation.runs.spec import RunSpec

pytestmark = pytest.mark.django_db


@pytest.fixture
def trained(owner: Any) -> Run:
    """Two rounds, the second without one of its two clients."""
    run = Run.objects.create(owner=owner, spec=lifecycle.checked({"clients": 2, "rounds": 2}).model_dump(), state="done")
    for number, accuracy in ((1, 0.5), (2, 0.75)):
        row = Round.objects.create(run=run, number=number, accuracy=accuracy, bytes_up=100, seconds={"total": 2.0})
        ClientReport.objects.create(round=row, node="jetson-a", partition=0, state="ok", told={"examples": 10})
    ClientReport.objects.create(round=row, node="jetson-b", partition=1, state="lost", reason="=jetson-b is offline.")
    return run


@pytest.fixture
def node(db: None) -> Node:
    return Node.objects.create(slug="jetson-a", tier="device", approved=True, last_seen=timezone.now(), token_sha256="a")


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode())))


@pytest.mark.parametrize("rest", ["", "run.json", "rounds.csv", "clients.csv", "code.zip", "model.safetensors", "card.md"])
def test_a_colleague_does_not_find_it(colleague: Any, client_of: Callable[..., Client], trained: Run, rest: str) -> None:
    assert client_of(colleague).get(f"/federation/{trained.pk}/{rest}").status_code == 404


def test_the_empty_page_teaches_the_first_run(owner: Any, client_of: Callable[..., Client]) -> None:
    page = client_of(owner).get("/federation/").content.decode()
    assert "Train on digits" in page
    assert "No node with a training worker is online yet." in page


def test_the_list_has_the_last_and_the_best_accuracy(owner: Any, client_of: Callable[..., Client], trained: Run) -> None:
    Round.objects.create(run=trained, number=3, accuracy=0.7)
    (row,) = client_of(owner).get("/federation/").context["rows"]
    assert (row["accuracy"], row["best"], row["bytes"]) == (0.7, 0.75, 200)


def test_a_run_is_there_before_its_socket(owner: Any, client_of: Callable[..., Client], trained: Run) -> None:
    boot = client_of(owner).get(f"/federation/{trained.pk}/").context["boot"]
    assert [entry["accuracy"] for entry in boot["run"]["rounds"]] == [0.5, 0.75]
    assert boot["run"]["rounds"][1]["clients"][1]["reason"] == "=jetson-b is offline."


def test_a_draft_is_a_form_with_the_words_behind_its_fields(owner: Any, client_of: Callable[..., Client]) -> None:
    run = lifecycle.draft(owner, {"clients": 7}, {"clients": "seven boards"})
    page = client_of(owner).get(f"/federation/{run.pk}/").content.decode()
    assert "from your request: “seven boards”" in page
    assert 'name="clients" inputmode="numeric" autocomplete="off" value="7"' in page


def test_the_form_has_every_field(owner: Any, client_of: Callable[..., Client]) -> None:
    from federation.runs.spec import Privacy, RunSpec

    groups = client_of(owner).get("/federation/new/").context["groups"]
    shown = {entry["name"] for group in groups for entry in group["fields"]}
    assert shown == {*RunSpec.model_fields, *(f"privacy.{name}" for name in Privacy.model_fields)}


def test_a_new_run_may_begin_like_an_earlier_one(
    owner: Any, colleague: Any, client_of: Callable[..., Client], trained: Run
) -> None:
    path = f"/federation/new/?like={trained.pk}"
    assert client_of(owner).get(path).context["boot"]["spec"]["clients"] == 2
    assert client_of(colleague).get(path).context["boot"]["spec"]["clients"] != 2


def test_rounds_as_csv(owner: Any, client_of: Callable[..., Client], trained: Run) -> None:
    rows = rows_of(client_of(owner).get(f"/federation/{trained.pk}/rounds.csv"))
    assert [(row["round"], row["accuracy"], row["total_s"]) for row in rows] == [("1", "0.5", "2.0"), ("2", "0.75", "2.0")]


def test_a_reason_in_a_csv_is_no_formula(owner: Any, client_of: Callable[..., Client], trained: Run) -> None:
    rows = rows_of(client_of(owner).get(f"/federation/{trained.pk}/clients.csv"))
    assert [(row["round"], row["node"], row["state"]) for row in rows][1:] == [
        ("2", "jetson-a", "ok"),
        ("2", "jetson-b", "lost"),
    ]
    assert rows[2]["reason"] == "'=jetson-b is offline."


def test_the_model_of_a_finished_run_is_downloaded(
    owner: Any, client_of: Callable[..., Client], trained: Run, settings: Any, tmp_path: Path
) -> None:
    settings.VAR_DIR = tmp_path
    assert client_of(owner).get(f"/federation/{trained.pk}/card.md").status_code == 404
    place = tmp_path / "federated" / str(trained.pk)
    place.mkdir(parents=True)
    (place / "card.md").write_text("# Run")
    assert client_of(owner).get(f"/federation/{trained.pk}/card.md").content == b"# Run"


def test_two_runs_are_compared(owner: Any, client_of: Callable[..., Client], trained: Run) -> None:
    other = Run.objects.create(owner=owner, spec=trained.spec)
    answer = client_of(owner).get(f"/federation/compare/?runs={trained.pk},{other.pk}")
    curves = {entry["run"]: entry["rounds"] for entry in answer.context["boot"]["runs"]}
    assert [(entry["bytes"], entry["seconds"]) for entry in curves[trained.pk]] == [(100, 2.0), (200, 4.0)]


def test_one_run_alone_is_not_compared(owner: Any, client_of: Callable[..., Client], trained: Run) -> None:
    assert client_of(owner).get(f"/federation/compare/?runs={trained.pk},x,999999").status_code == 302


def test_what_follows_from_the_other_fields_is_left_open() -> None:
    spec = RunSpec().model_dump()
    shown = {entry["name"]: entry["value"] for group in form_fields.groups(spec, {}) for entry in group["fields"]}
    assert (shown["bits"], shown["quorum"], shown["rounds"]) == ("", "", 10)
    chosen = {
        entry["name"]: entry["value"] for group in form_fields.groups({**spec, "bits": 2.0}, {}) for entry in group["fields"]
    }
    assert chosen["bits"] == 2.0
