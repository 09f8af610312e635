"""A run on devices' own photos over real nodes: the worker processes read the folders in their homes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from devices.models import Node
from devices.telemetry import presence
from federation.node.capability import TRAINING_CAPABILITY
from federation.runs import journal, lifecycle, run_artifacts, runner
from federation.runs.journal import Journal
from tests.federation.conftest import Trainer
from tests.federation.photo_devices import fill

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture(scope="module")
def boards(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    homes = {slug: tmp_path_factory.mktemp("node") / slug for slug in ("jetson-p", "jetson-q")}
    fill(homes["jetson-p"] / "labelled", 1, cat=10, ship=10)
    fill(homes["jetson-q"] / "labelled", 2, airplane=10, ship=10)
    (homes["jetson-q"] / "labelled" / "ship" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    trainers = [Trainer(slug, home, "trains") for slug, home in homes.items()]
    for trainer in trainers:
        trainer.listening()
    yield homes
    for trainer in trainers:
        trainer.kill()


def test_devices_with_different_classes_train_one_model(
    boards: dict[str, Path], owner: Any, store: Any, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(presence, "OFFLINE_S", 600.0)  # nobody here sends heartbeats
    for slug, home in boards.items():
        facts = {"lanes": {"train": True}, "last_seen": timezone.now(), "labelled": TRAINING_CAPABILITY.labelled(home)}
        Node.objects.create(slug=slug, tier="device", approved=True, token_sha256=slug, **facts)
    run = lifecycle.draft(owner, {"dataset": "photos", "clients": 2, "rounds": 2, "batch_size": 8, "quorum": 2})
    lifecycle.start(run)
    claim = journal.claim_next()
    assert claim is not None
    with Journal(*claim) as writer:
        runner.execute(writer)
    run.refresh_from_db()
    snapshot = lifecycle.snapshot(run)
    assert (snapshot["state"], snapshot["error"]) == ("done", None)
    assert snapshot["spec"]["classes"] == snapshot["holdings"]["classes"] == ["airplane", "cat", "ship"]
    assert snapshot["holdings"]["clients"] == [[0, 10, 10], [10, 0, 11]]
    for row in snapshot["rounds"]:
        assert [(client["node"], client["state"]) for client in row["clients"]] == [("jetson-p", "ok"), ("jetson-q", "ok")], row
        assert [client["note"] for client in row["clients"]] == ["", "Skipped 1 photo that cannot be read."]
        assert row["accuracy"] is not None and all(client["tested"] == 4 for client in row["clients"])
    card = (run_artifacts.folder(run.pk) / run_artifacts.TEXT).read_text()
    assert "Classes: airplane, cat, ship." in card and "fifth of its own photos" in card
