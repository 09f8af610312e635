"""Large models made in code, photos to measure on, and a process's view of a job, without starting one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference.model_jobs import journal as journals
from inference.model_jobs import lifecycle
from inference.model_jobs.journal import Journal


@pytest.fixture(scope="session")
def small_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.engine.conftest import save_small  # torch only where it is needed

    root = tmp_path_factory.mktemp("large")
    save_small(root)
    return root


@pytest.fixture
def paper(small_root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The paper profile is complete on this machine."""
    monkeypatch.setenv("ISTHMUS_MODELS", str(small_root))
    return small_root


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with photos."""
    from tests.engine.conftest import draw

    folder = tmp_path / "data" / "photos"
    folder.mkdir(parents=True)
    for seed in range(16):
        draw(seed).save(folder / f"{seed:02}.jpg")
    monkeypatch.setenv("ISTHMUS_DATA", str(tmp_path / "data"))
    return folder


@pytest.fixture
def claimed(owner: Any, store: Any) -> Callable[..., Journal]:
    def start(kind: str, photos: str = "data") -> Journal:
        lifecycle.start(owner, kind, "paper", photos)
        job, token = journals.claim_next({"network", "compute"}) or pytest.fail("nothing was claimed")
        return Journal(job.pk, token)

    return start
