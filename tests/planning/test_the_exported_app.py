"""A run as a Flower app of its own: whole, set to the run's specification, and equal for equal runs."""

import ast
import io
import json
import tomllib
import zipfile
from pathlib import Path

import pytest

from federation.runs.flower_export import ENTRIES, ROOT, zip_bytes
from federation.runs.spec import RunSpec

SERVER = "from flwr.serverapp import ServerApp\n\nfrom federation.app import task\n\napp = ServerApp()\nMODELS = task.MODELS\n"
CLIENT = (
    "from flwr.clientapp import ClientApp\n\nfrom federation.runs.spec import RunSpec\n\napp = ClientApp()\nRUN = RunSpec\n"
)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """An app of three files beside the real specification."""
    app = tmp_path / "federation" / "app"
    app.mkdir(parents=True)
    for name, text in {
        "server_app": SERVER,
        "client_app": CLIENT,
        "task": "import torch\n\nMODELS = [torch.nn.Linear]\n",
        "unused": "1\n",
    }.items():
        (app / f"{name}.py").write_text(text)
    for name in ("__init__", "runs/__init__", "runs/spec", "runs/choices"):
        file = tmp_path / "federation" / f"{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text((ROOT / "federation" / f"{name}.py").read_text())
    (app / "__init__.py").write_text("")
    return tmp_path


def _files(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {name.removeprefix("isthmus-run/"): packed.read(name).decode() for name in packed.namelist()}


def test_it_holds_what_the_app_imports_and_nothing_else(sources: Path) -> None:
    names = {name for name in _files(zip_bytes(RunSpec(), sources)) if name.startswith("federation/app")}
    assert names == {f"federation/app/{name}.py" for name in ("__init__", "server_app", "client_app", "task")}


def test_its_project_names_both_halves_the_specification_and_pinned_packages(sources: Path) -> None:
    spec = RunSpec(dataset="cifar10", clients=10, rounds=20, strategy="fedprox")
    project = tomllib.loads(_files(zip_bytes(spec, sources))["pyproject.toml"])
    assert project["tool"]["flwr"]["app"]["components"] == {"serverapp": f"{ENTRIES[0]}:app", "clientapp": f"{ENTRIES[1]}:app"}
    assert RunSpec.model_validate(json.loads(project["tool"]["flwr"]["app"]["config"]["spec"])) == spec
    assert {need.split("==")[0] for need in project["project"]["dependencies"]} >= {"flwr", "torch", "pydantic"}
    assert all("==" in need for need in project["project"]["dependencies"])


def test_everything_in_it_is_our_own_source(sources: Path) -> None:
    for name, text in _files(zip_bytes(RunSpec(), sources)).items():
        if name.endswith(".py"):
            ast.parse(text)
            assert text == (sources / name).read_text()


def test_equal_runs_give_equal_zips(sources: Path) -> None:
    assert zip_bytes(RunSpec(), sources) == zip_bytes(RunSpec(), sources)


def test_without_an_app_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="server_app"):
        zip_bytes(RunSpec(), tmp_path)
