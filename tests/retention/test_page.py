"""The page of retention: who may open it, what it says, and what may be typed into it."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from devices.models import Sample
from webapp.accounts.models import AuditEntry
from webapp.ops import tasks
from webapp.ops.retention import periods, pruning
from webapp.ops.retention.models import Period

PAGES = (("GET", "/retention/"), ("POST", "/retention/save/"), ("POST", "/retention/run/"))


@pytest.fixture
def admin(owner: Any, redis_url: str) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_it_is_for_admins(admin: Client, colleague: Any, client_of: Any, method: str, path: str) -> None:
    assert client_of(colleague).generic(method, path).status_code == 403
    assert Client().generic(method, path)["Location"].startswith("/login/")


def test_it_says_what_everything_takes_and_what_goes(admin: Client) -> None:
    Sample.objects.create(node="a", at=timezone.now() - timedelta(days=99), bytes=1, ms=1.0, source="probe")
    page = admin.get("/retention/")
    row = next(item["row"] for item in page.context["rows"] if item["name"] == "link_samples")
    assert (row.rows, row.due, page.context["total"]) == (1, 1, 1)
    assert "Nothing has been deleted by these rules yet." in page.content.decode()
    pruning.run()
    assert "The last run deleted 1 row or file." in admin.get("/retention/").content.decode()


def test_a_period_is_changed_once_and_recorded(admin: Client) -> None:
    page = admin.post("/retention/save/", {"link_samples": " 30 ", "conversations": "365", "audit": "365"}, follow=True)
    assert "2 periods were changed." in page.content.decode()
    assert (periods.chosen()["link_samples"], periods.chosen()["conversations"]) == (30, 365)
    details = list(AuditEntry.objects.filter(action="retention changed").order_by("pk").values_list("detail", flat=True))
    assert sorted(details) == ["conversations: for ever → 365 days", "link_samples: 14 days → 30 days"]
    assert "Nothing was changed." in admin.post("/retention/save/", {"link_samples": "30"}, follow=True).content.decode()


def test_empty_means_for_ever_and_the_default_needs_no_row(admin: Client) -> None:
    admin.post("/retention/save/", {"link_samples": ""})
    assert periods.chosen()["link_samples"] is None
    admin.post("/retention/save/", {"link_samples": "14"})
    assert not Period.objects.exists()


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "soon", "36501", "²", "1e3", "99999999999999999999", "１２"])
def test_what_is_no_number_of_days_is_refused_and_nothing_is_saved(admin: Client, days: str) -> None:
    page = admin.post("/retention/save/", {"audit": "30", "link_samples": days})
    assert page.status_code == 422
    assert "Type a whole number from 1 to 36500, or leave it empty to keep everything." in page.content.decode()
    assert not Period.objects.exists(), "not even the period that was right"


@pytest.mark.parametrize("name", ["readings_heartbeat", "sessions", "weather"])
def test_what_is_fixed_or_unknown_cannot_be_changed(admin: Client, name: str) -> None:
    admin.post("/retention/save/", {name: "3"})
    assert not Period.objects.exists()


def test_it_starts_the_deletion(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[Any] = []
    monkeypatch.setattr(tasks.prune, "apply_async", lambda **options: queued.append(options))
    assert "being deleted" in admin.post("/retention/run/", follow=True).content.decode()
    assert len(queued) == 1 and AuditEntry.objects.filter(action="deletion started", kind="system").exists()


def test_the_library_says_when_a_photo_goes_by_the_chosen_period(
    admin: Client, settings: Any, tmp_path: Any, owner: Any
) -> None:
    from inference.photos import store
    from tests.conftest import draw_photo

    settings.PHOTO_DIR = tmp_path / "photos"
    photo = store.store(owner, [draw_photo(1)])
    at = f"/api/v1/library/photos/{photo.pk}"
    before = admin.get(at).json()["expires"]
    admin.post("/retention/save/", {"unused_photos": "3"})
    assert admin.get(at).json()["expires"][:10] == (photo.created + timedelta(days=3)).date().isoformat() != before[:10]
    admin.post("/retention/save/", {"unused_photos": ""})
    assert admin.get(at).json()["expires"] is None


def test_it_says_what_folders_take_that_have_no_period(admin: Client, settings: Any, tmp_path: Any) -> None:
    settings.VAR_DIR, settings.PHOTO_DIR = tmp_path, tmp_path / "photos"
    settings.BACKUP_DIR, settings.BUNDLES_DIR = tmp_path / "backups", tmp_path / "bundles"
    settings.BACKUP_DAILY = 9
    for name, size in (("backups/a.tar", 10), ("bundles/compact/1/net.onnx", 20), ("bundles/compact/2/net.onnx", 30),
                       ("federated/1/model.safetensors", 40)):  # fmt: skip
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x" * size)
    page = admin.get("/retention/")
    rows = {row.folder.name: (row.files, row.bytes) for row in page.context["folders"]}
    assert rows == {"photos": (0, 0), "backups": (1, 10), "bundles": (2, 50), "trained_models": (1, 40)}
    assert "the newest of 9 days and of 4 weeks stay" in page.content.decode()
    out = io.StringIO()
    call_command("prune", "--dry-run", "--json", stdout=out)
    assert [(row["name"], row["bytes"]) for row in json.loads(out.getvalue())["folders"]] == [
        (name, size) for name, (_, size) in rows.items()
    ]
