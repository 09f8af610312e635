"""Who holds what: how many examples of each class every client of a run has. Imports the data sets, so never in the web app."""

import logging
from typing import Any

from federation.app import data
from federation.app.errors import RunError
from federation.models import Run
from federation.runs import lifecycle
from federation.runs.spec import RunSpec
from webapp.live import groups
from webapp.live.errors import UserError
from webapp.live.publish import flush, publish

log = logging.getLogger(__name__)


def holdings(spec: RunSpec) -> dict[str, Any]:
    """{"classes": names, "clients": examples by client and class}. Raises UserError when the data is missing."""
    try:
        return data.holdings(spec.model_dump())
    except RunError as error:
        raise UserError(error.code, str(error), error.remedy, 409) from error


def count(pk: int) -> None:
    """For the page of a draft. A draft that was changed meanwhile is counted again."""
    run = Run.objects.filter(pk=pk, state="draft").first()
    if run is None:
        return
    try:
        found = holdings(RunSpec.model_validate(run.spec))
    except UserError as error:
        found = {"error": error.body()}
    if Run.objects.filter(pk=pk, state="draft", spec=run.spec).update(holdings=found, seq=run.seq + 1):
        run.refresh_from_db()
        publish(groups.run(pk), lifecycle.state_event(run))
        flush()
