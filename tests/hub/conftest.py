"""A hub with small models of the real classes, and a cache of our own to fetch them into."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import load_file

from inference.engine import catalogue
from inference.engine.hub.pins import CHECKPOINT, WEIGHTS
from tests.engine.conftest import save_small
from tests.hub.server import Hub, serving


@pytest.fixture(scope="session")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return published(tmp_path_factory.mktemp("hub"))


def published(root: Path) -> dict[str, Path]:
    """Small models as they lie on the hub, by repository; one has a pickle beside its safetensors."""
    folders, profile = save_small(root), catalogue.profile("paper")
    (folders["vqa"] / CHECKPOINT).write_bytes(b"a pickle that nobody may fetch")
    return {profile.models[task]: folders[task] for task in profile.on_towers}


def as_checkpoint(folder: Path) -> None:
    """As the captioning model is published: as a checkpoint of torch alone."""
    torch.save(load_file(folder / WEIGHTS), folder / CHECKPOINT)
    (folder / WEIGHTS).unlink()


@pytest.fixture
def hub(repositories: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Started, pinned, and used by the hub's library in this process."""
    with serving(Hub(dict(repositories))) as running:
        use(running, tmp_path, monkeypatch)
        yield running


@pytest.fixture
def hub_of_checkpoints(repositories: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Where the captioning model has to be converted."""
    model = catalogue.profile("paper").models["caption"]
    shutil.copytree(repositories[model], tmp_path / "caption")
    as_checkpoint(tmp_path / "caption")
    with serving(Hub({**repositories, model: tmp_path / "caption"})) as running:
        use(running, tmp_path, monkeypatch)
        yield running


def use(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_MODEL_PINS", str(hub.write_pins(tmp_path / "pins.json")))
    monkeypatch.delenv("ISTHMUS_MODELS", raising=False)
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
