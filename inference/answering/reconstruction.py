"""What left the device, as a picture: the photo rebuilt by the edge from the features that it still keeps."""

import secrets

from devices import dispatch
from devices.contract.jobs import Rebuild
from inference.models import Turn
from webapp.live.errors import UserError

DEADLINE_S = 10.0
GONE = ("features_missing", "blob_missing", "expired")


def rebuilt(turn: Turn, number: int) -> bytes:
    """A JPEG. Raises UserError: 404 where no features were sent or nothing can rebuild them, 410 where they are gone."""
    step = next((step for step in turn.steps.all() if step.number == number), None)
    receipt = step.receipt if step else None
    if turn.photo is None or not receipt or receipt["route"] != "split" or not receipt.get("levels"):
        raise UserError("no_features", "No features left the device in this step.", "Open a step of the split route.", 404)
    edge, blob = receipt["edge"], f"rebuilt-{secrets.token_hex(8)}"
    level = receipt["levels"][-1]["level"]
    photo = receipt.get("photo", str(turn.photo.pk))
    job = Rebuild(task=receipt["task"], photo=photo, split_at=receipt["split_at"], level=level, blob=blob)
    try:
        dispatch.call(edge, job, DEADLINE_S)
        return dispatch.take_blob(edge, blob)
    except dispatch.NodeGone as error:
        raise UserError("edge_gone", str(error), "Try again when it is back.", 410) from error
    except dispatch.StageFailed as error:
        if error.code in GONE:
            raise UserError(error.code, f"{edge} no longer keeps these features.", "Ask again, then look.", 410) from error
        raise UserError(error.code, str(error), "The other facts of the receipt hold.", 404) from error
