"""The label distribution of a run: how many examples of each class every client has. Imports torch, so never in the web app."""

import logging
from collections.abc import Mapping

from federation import nodes
from federation.app import data
from federation.app.datasets import photo_folder
from federation.app.errors import RunError
from federation.app.run_settings import Holdings
from federation.models import Run
from federation.runs import lifecycle
from federation.runs.spec import RunSpec
from webapp.live import groups
from webapp.live.errors import UserError
from webapp.live.publish import flush, publish

log = logging.getLogger(__name__)


def holdings(spec: RunSpec) -> Holdings:
    """Raises UserError when the data is missing."""
    if spec.on_devices:
        return _reported(spec)
    try:
        return data.holdings(spec.settings())
    except RunError as error:
        raise UserError(error.code, str(error), error.remedy, 409) from error


def _reported(spec: RunSpec) -> Holdings:
    """As the devices report it; every device is one client."""
    photos = nodes.labelled()
    chosen = nodes.agreed(spec, photos)
    places = {photo_folder.same(label): place for place, label in enumerate(chosen.classes)}
    clients = [[0] * len(chosen.classes) for _ in chosen.nodes]
    for client, slug in zip(clients, chosen.nodes, strict=True):
        for label, count in photos.get(slug, {}).items():
            if (place := places.get(photo_folder.same(label))) is not None:
                client[place] += count
    return {"classes": chosen.classes, "clients": clients}


def count(pk: int) -> None:
    """For the page of a draft. A draft that changed meanwhile is counted again."""
    run = Run.objects.filter(pk=pk, state="draft").first()
    if run is None:
        return
    stored: Mapping[str, object]
    try:
        stored = holdings(RunSpec.model_validate(run.spec))
    except UserError as error:
        stored = {"error": error.body()}
    if Run.objects.filter(pk=pk, state="draft", spec=run.spec).update(holdings=stored, seq=run.seq + 1):
        run.refresh_from_db()
        publish(groups.run(pk), lifecycle.state_event(run))
        flush()
