"""The kinds of work on models: what each needs before it may start, and what it does. A new kind is one value in KINDS."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inference.engine import catalogue
from inference.model_jobs import photo_source
from inference.model_jobs.tables import ModelJob
from webapp.live.errors import UserError

if TYPE_CHECKING:
    from inference.model_jobs.journal import Journal

NETWORK, COMPUTE = "network", "compute"


@dataclass(frozen=True)
class Kind:
    name: str  # as stored
    label: str  # for people, what is being done
    lane: str  # one job of a lane runs at a time
    check: Callable[[ModelJob], None]  # raises UserError where it cannot start
    run: Callable[["Journal"], None]  # in a process of its own; raises UserError
    uses_photos: bool = False


def _check_fetch(job: ModelJob) -> None:
    if job.profile != "paper":
        raise UserError("nothing_to_fetch", f"The {job.profile} models come with Isthmus.", "Fetch the paper models.", 422)


def _check_models(job: ModelJob) -> None:
    if sentences := catalogue.missing(catalogue.profile(job.profile)):
        raise UserError("models_missing", sentences[0], "Fetch them first.", 409)
    photo_source.check(job)


def _check_code(job: ModelJob) -> None:
    if job.profile != "paper":
        raise UserError("code_is_bundled", "The compact models come with a trained code.", "Choose the paper models.", 422)
    _check_models(job)


def _fetch(journal: "Journal") -> None:
    from inference.model_jobs.work import fetching

    fetching.run(journal)


def _measure(journal: "Journal") -> None:
    from inference.model_jobs.work import measuring

    measuring.run(journal)


def _train_code(journal: "Journal") -> None:
    from inference.model_jobs.work import codes

    codes.run(journal)


KINDS: list[Kind] = [
    Kind("fetch", "Fetch the models", NETWORK, _check_fetch, _fetch),
    Kind("agreement", "Measure what compressing costs", COMPUTE, _check_models, _measure, uses_photos=True),
    Kind("code", "Train the feature codes", COMPUTE, _check_code, _train_code, uses_photos=True),
]


def names() -> list[str]:
    return [kind.name for kind in KINDS]


def named(name: str) -> Kind:
    """Raises UserError."""
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise UserError(
        "unknown_kind", f"There is no work on models called {name[:40]!r}.", f"Use one of {', '.join(names())}.", 422
    )
