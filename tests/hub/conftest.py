"""A hub with small models of the real classes, and a cache of our own to fetch them into."""

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
    """As on the hub: the captioning model as a checkpoint of torch alone."""
    return published(tmp_path_factory.mktemp("hub"))


def published(root: Path) -> dict[str, Path]:
    folders = save_small(root)
    weights = folders["caption"] / WEIGHTS
    torch.save(load_file(weights), folders["caption"] / CHECKPOINT)
    weights.unlink()
    (folders["vqa"] / CHECKPOINT).write_bytes(b"a pickle that nobody may fetch")
    profile = catalogue.profile("paper")
    return {profile.models[task]: folders[task] for task in profile.on_towers}


@pytest.fixture
def hub(repositories: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Started, pinned, and used by the hub's library in this process."""
    with serving(Hub(dict(repositories))) as running:
        monkeypatch.setenv("ISTHMUS_MODEL_PINS", str(running.write_pins(tmp_path / "pins.json")))
        monkeypatch.delenv("ISTHMUS_MODELS", raising=False)
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", running.url + "/{repo_id}/resolve/{revision}/{filename}")
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        yield running
