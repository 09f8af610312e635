"""The models of this installation over HTTP: read for everybody, changed by administrators."""

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import Field

from devices import model_choice
from inference.engine import catalogue
from inference.model_jobs import lifecycle, overview
from inference.model_jobs.lifecycle import JobData
from inference.model_jobs.overview import Overview
from webapp.live.errors import UserError
from webapp.live.http import change, operation, require_admin

router = Router(tags=["models"])
ADMIN = {403: "`not_staff`: only administrators may do this."}
NO_JOB = {**ADMIN, 404: "`not_found`: no such job."}
STARTING = {
    **ADMIN,
    409: "`already_running`, `models_missing`, `too_few_photos`.",
    422: "`unknown_kind`, `unknown_profile`, `no_photos_chosen`, `nothing_to_fetch`, `code_is_bundled`.",
}
SWITCHING = {**ADMIN, 409: "`models_missing`: fetch them first.", 422: "`unknown_profile`."}


class NewJob(Schema):
    kind: str = Field(description="`fetch`, `agreement` or `code`.", examples=["fetch"])
    profile: str = Field(examples=["paper"])
    photos: str = Field("", description="`data`: those in the data folder. `own`: yours on the server; giving it is consent.")


class Chosen(Schema):
    profile: str = Field(examples=["paper"])
    choice: int = Field(description="Its number; nodes report the one they follow.")


class Choose(Schema):
    profile: str = Field(examples=["paper"])


@router.get("", **operation("get_models", "Read both profiles, their jobs and what was measured", {200: Overview}))
def get_models(request: HttpRequest) -> Overview:
    return overview.overview(request.user)


@router.post("/jobs", **change("start_model_job", "Fetch, measure, or train feature codes", {201: JobData}, STARTING))
def start_model_job(request: HttpRequest, body: NewJob) -> Status[JobData]:
    require_admin(request)
    return Status(201, lifecycle.as_json(lifecycle.start(request.user, body.kind, body.profile, body.photos)))


@router.post("/jobs/{int:number}/stop", **change("stop_model_job", "Stop a job", {200: JobData}, NO_JOB))
def stop_model_job(request: HttpRequest, number: int) -> JobData:
    """What it has done so far stays. A job that has ended stays as it is."""
    require_admin(request)
    return lifecycle.as_json(lifecycle.stop(number))


@router.post(
    "/jobs/{int:number}/resume",
    **change("resume_model_job", "Resume a job", {200: JobData}, {**NO_JOB, 409: f"`not_resumable`, {STARTING[409]}"}),
)
def resume_model_job(request: HttpRequest, number: int) -> JobData:
    require_admin(request)
    return lifecycle.as_json(lifecycle.resume(number))


@router.post("/choice", **change("choose_models", "Have other models answer", {200: Chosen}, SWITCHING))
def choose_models(request: HttpRequest, body: Choose) -> Chosen:
    """Nodes change one after the other, and questions are answered meanwhile by those that can."""
    require_admin(request)
    chosen = use(body.profile)
    return Chosen(profile=chosen.profile, choice=chosen.number)


def use(name: str) -> model_choice.Choice:
    """Raises UserError for models that are not complete on this machine."""
    if name not in catalogue.PROFILES:
        raise UserError(
            "unknown_profile", f"There is no profile {name[:40]!r}.", f"Use {' or '.join(catalogue.PROFILES)}.", 422
        )
    if sentences := catalogue.missing(catalogue.profile(name)):
        raise UserError("models_missing", sentences[0], "Fetch them first.", 409)
    return model_choice.choose(name)
