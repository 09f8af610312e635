"""Work on models: who may start it, what is refused with which sentence, and what a restart does to it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from inference.model_jobs import journal as journals
from inference.model_jobs import lifecycle
from inference.model_jobs.journal import Journal
from inference.models import ModelJob
from webapp.accounts.models import AuditEntry
from webapp.live.lease import LeaseLost

LANES = {"network", "compute"}
Client = Callable[[Any], Any]


@pytest.fixture(autouse=True)
def _nothing_fetched(store: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ISTHMUS_MODELS", str(tmp_path / "nothing"))


def post(client: Any, path: str, **body: Any) -> Any:
    return client.post(f"/api/v1/models{path}", body, content_type="application/json")


def test_an_administrator_starts_stops_and_resumes_a_fetch_and_the_trail_says_so(owner: Any, client_of: Client) -> None:
    client = client_of(owner)
    job = post(client, "/jobs", kind="fetch", profile="paper").json()
    assert (job["state"], job["kind"], job["by"]) == ("queued", "fetch", "owner")
    assert post(client, f"/jobs/{job['id']}/stop").json()["state"] == "stopped"
    assert post(client, f"/jobs/{job['id']}/resume").json()["state"] == "queued"
    actions = list(AuditEntry.objects.about("models:paper").order_by("pk").values_list("action", "by"))
    assert actions == [("started fetch", "owner"), ("stopped fetch", "owner"), ("resumed fetch", "owner")]


def test_everybody_reads_and_only_administrators_change(owner: Any, colleague: Any, stranger: Any, client_of: Client) -> None:
    client = client_of(colleague)
    assert client.get("/api/v1/models").json()["active"] == "compact" and client.get("/models/").status_code == 200
    job = lifecycle.start(owner, "fetch", "paper")
    for path, body in (
        ("/jobs", {"kind": "fetch", "profile": "paper"}),
        (f"/jobs/{job.pk}/stop", {}),
        (f"/jobs/{job.pk}/resume", {}),
        ("/choice", {"profile": "compact"}),
    ):
        answer = post(client, path, **body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "not_staff")
    assert stranger.get("/api/v1/models").status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"kind": "guess", "profile": "paper"}, 422, "unknown_kind"),
        ({"kind": "fetch", "profile": "huge"}, 422, "unknown_profile"),
        ({"kind": "fetch", "profile": "compact"}, 422, "nothing_to_fetch"),
        ({"kind": "agreement", "profile": "paper", "photos": "data"}, 409, "models_missing"),
        ({"kind": "agreement", "profile": "compact"}, 422, "no_photos_chosen"),
        ({"kind": "agreement", "profile": "compact", "photos": "own"}, 409, "too_few_photos"),
        ({"kind": "code", "profile": "compact", "photos": "data"}, 422, "code_is_bundled"),
    ],
)
def test_what_cannot_start_is_refused_with_a_sentence(
    owner: Any, client_of: Client, body: dict[str, str], status: int, code: str
) -> None:
    answer = post(client_of(owner), "/jobs", **body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code) and error["message"].endswith(".") and error["next"]
    assert not ModelJob.objects.exists()


def test_models_that_are_not_here_cannot_be_chosen(owner: Any, client_of: Client) -> None:
    answer = post(client_of(owner), "/choice", profile="paper")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "models_missing")


def test_the_same_work_does_not_run_twice(owner: Any, client_of: Client) -> None:
    client = client_of(owner)
    post(client, "/jobs", kind="fetch", profile="paper")
    assert post(client, "/jobs", kind="fetch", profile="paper").json()["error"]["code"] == "already_running"


def test_one_job_of_a_lane_runs_at_a_time(owner: Any) -> None:
    first = ModelJob.objects.create(owner=owner, kind="agreement", profile="paper")
    ModelJob.objects.create(owner=owner, kind="code", profile="paper")
    fetch = ModelJob.objects.create(owner=owner, kind="fetch", profile="paper")
    claimed = [journals.claim_next(LANES) for _ in range(3)]
    assert [entry and entry[0] for entry in claimed] == [first, fetch, None]


def test_a_job_whose_process_died_is_claimed_again_and_the_dead_one_can_write_no_more(owner: Any) -> None:
    lifecycle.start(owner, "fetch", "paper")
    job, token = journals.claim_next(LANES) or pytest.fail()
    dead = Journal(job.pk, token)
    dead.progress(5, 10, "bytes", "half")
    ModelJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    again, new = journals.claim_next(LANES) or pytest.fail()
    assert again.progress["done"] == 5
    with pytest.raises(LeaseLost):
        dead.progress(6, 10, "bytes", "late")
    Journal(again.pk, new).finished("fetched")
    assert lifecycle.as_json(lifecycle.get(job.pk))["state"] == "done"


def test_a_job_that_keeps_dying_without_getting_further_fails_with_a_reason(owner: Any, settings: Any) -> None:
    job = lifecycle.start(owner, "fetch", "paper")
    for _ in range(settings.MAX_ATTEMPTS):
        assert journals.claim_next(LANES)
        ModelJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert journals.claim_next(LANES) is None
    job.refresh_from_db()
    assert job.state == "failed" and job.error["code"] == "too_many_attempts"


def test_a_stopped_job_ends_its_process(owner: Any) -> None:
    lifecycle.start(owner, "fetch", "paper")
    job, token = journals.claim_next(LANES) or pytest.fail()
    journal = Journal(job.pk, token)
    lifecycle.stop(job.pk)
    with pytest.raises(LeaseLost):
        journal.progress(1, 10, "bytes", "more")
