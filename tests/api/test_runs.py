"""Training runs: in pages, with the files that the run page offers."""

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from federation.models import ClientReport, Round, Run
from federation.runs import lifecycle, run_artifacts

PATH = "/api/v1/federation/runs"


@pytest.fixture
def run(owner: Any) -> Run:
    run = lifecycle.draft(owner, {"rounds": 2})
    row = Round.objects.create(run=run, number=1, loss=1.5, accuracy=0.5, seconds={"total": 2.0}, bytes_up=10, bytes_down=20)
    ClientReport.objects.create(round=row, node="jetson-a", partition=0, state="late", reason="too slow", told={"examples": 9})
    return run


def test_runs_come_in_pages(api: Client, owner: Any, run: Run) -> None:
    newer = lifecycle.draft(owner, {})
    page = api.get(f"{PATH}?limit=1").json()
    assert (page["total"], [row["run"] for row in page["items"]]) == (2, [newer.pk])


def test_a_run_is_read_with_its_rounds_and_clients(api: Client, run: Run) -> None:
    (row,) = api.get(f"{PATH}/{run.pk}").json()["rounds"]
    assert (row["accuracy"], row["clients"][0]["node"], row["clients"][0]["examples"]) == (0.5, "jetson-a", 9)


@pytest.mark.parametrize("name", ["rounds.csv", "clients.csv", "code.zip"])
def test_its_files_are_those_of_its_page(name: str, api: Client, run: Run) -> None:
    file = api.get(f"{PATH}/{run.pk}/{name}")
    assert file.status_code == 200 and f"run-{run.pk}" in file["Content-Disposition"]
    page = api.get(f"/federation/{run.pk}/{name}")
    if name == "code.zip":
        names = [zipfile.ZipFile(io.BytesIO(answer.content)).namelist() for answer in (file, page)]
        assert names[0] == names[1]
    else:
        assert file.content == page.content


@pytest.mark.parametrize("name", ["model.safetensors", "card.md"])
def test_a_model_is_there_once_a_round_is_complete(name: str, api: Client, run: Run) -> None:
    missing = api.get(f"{PATH}/{run.pk}/{name}")
    assert (missing.status_code, missing.json()["error"]["message"]) == (404, "There is no such file.")
    folder = run_artifacts.folder(run.pk)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"content")
    assert api.get(f"{PATH}/{run.pk}/{name}").content == b"content"
    lifecycle.delete(run)


def test_a_colleague_gets_no_file(colleague: Any, client_of: Callable[[Any], Client], run: Run) -> None:
    for name in ("rounds.csv", "clients.csv", "model.safetensors", "card.md", "code.zip"):
        assert client_of(colleague).get(f"{PATH}/{run.pk}/{name}").status_code == 404
