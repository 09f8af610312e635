"""The disk is full: a sentence with the right status, and no half file."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from devices.agent import config
from devices.agent.jobs import Refused
from inference.stages.photo_shelf import PhotoShelf


@pytest.fixture
def full_database(db: None) -> Iterator[None]:
    """SQLite may not grow by another page."""
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite can be told how large it may become")
    database = connection.connection
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute(f"PRAGMA max_page_count = {pages}")
    yield
    database.execute("PRAGMA max_page_count = 4294967294")


def test_a_full_database_is_507_in_the_one_shape(owner: Any, full_database: None, settings: Any) -> None:
    settings.TURN_LIMIT = 1000
    client = Client(raise_request_exception=False)
    client.force_login(owner)
    answers = []
    for _ in range(500):  # the pages that are there have room for some, the more the more tests came before
        answers.append(client.post("/api/v1/turns", {"question": "What is it? " * 150}, "application/json"))
        if answers[-1].status_code != 202:
            break
    error = answers[-1].json()["error"]
    assert (answers[-1].status_code, error["code"]) == (507, "disk_full")
    assert error["message"].endswith(".") and error["next"].endswith(".")


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of what is written fits."""

    def write_half(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", write_half)
    monkeypatch.setattr(Path, "write_text", lambda path, text: write_half(path, text.encode()))


def test_a_node_says_that_its_disk_is_full_and_keeps_no_half_photo(tmp_path: Path, full_disk: None) -> None:
    with pytest.raises(Refused) as refused:
        PhotoShelf(tmp_path / "photos", 1_000_000).keep("p", bytes(1000))
    assert refused.value.code == "disk_full"
    assert not [file for file in (tmp_path / "photos").rglob("*") if file.is_file()]


def test_a_nodes_identity_survives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = config.Config("http://127.0.0.1:1", "a", "device", "t", "")
    config.save(tmp_path, before)

    def full(*arguments: Any) -> None:
        (tmp_path / f"{config.FILE}.part").write_bytes(b"{")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(config, "_write_private", full)
    with pytest.raises(OSError, match="No space"):
        config.save(tmp_path, before)
    assert config.load(tmp_path) == before
    assert [file.name for file in tmp_path.iterdir()] == [config.FILE]


def test_a_checkpoint_leaves_no_half_file_and_the_last_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from federation.app.server import checkpoint

    file = tmp_path / "checkpoint"
    file.write_bytes(b"the last round")

    def full(opened: Any, **arrays: Any) -> None:
        opened.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        checkpoint._write(file, {}, {})  # type: ignore[arg-type, typeddict-item]
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == {"checkpoint": b"the last round"}


def test_a_run_that_finds_the_disk_full_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from federation.runs import runner

    reasons: list[str] = []

    class Journal:
        run = SimpleNamespace(pk=1, created=timezone.now(), attempt=1)

        def ended(self, state: str, error: Any) -> None:
            reasons.append(f"{state}: {error.code}")

    def full(journal: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(runner, "Attempt", full)
    runner.execute(Journal())  # type: ignore[arg-type]
    assert reasons == ["failed: disk_full"]
