"""What left the device, as a picture: the edge reconstructs the photo from the features in its cache."""

import secrets

from devices import dispatch
from devices.contract.jobs import Rebuild
from inference.models import Turn
from inference.receipt import Receipt
from webapp.live.at_once import AtOnce
from webapp.live.errors import UserError

DEADLINE_S = 10.0
CALLS = AtOnce(3, "reconstructions being computed")
NO_FEATURES = ("features_missing", "blob_missing", "expired")


def reconstruct(turn: Turn, number: int) -> bytes:
    """Returns a JPEG. Raises UserError: 404 where no features were sent or no decoder exists, 410 where they have expired."""
    step = next((step for step in turn.steps.all() if step.number == number), None)
    receipt: Receipt | None = step.receipt if step else None
    if (
        turn.visible_photo is None
        or not receipt
        or receipt["split_at"] is None
        or not receipt.get("levels")
        or "crop" in receipt
    ):
        raise UserError("no_features", "No features left the device in this step.", "Open a step of the split route.", 404)
    edge, blob = receipt["edge"] or "", f"reconstruction-{secrets.token_hex(8)}"
    level = receipt["levels"][-1]["level"] or 0
    photo = receipt.get("photo", str(turn.visible_photo.pk))
    job = Rebuild(task=receipt["task"], photo=photo, split_at=receipt["split_at"], level=level, blob=blob)
    try:
        with CALLS.of(turn.owner_id), dispatch.on_behalf_of(turn.owner_id):
            dispatch.call(edge, job, DEADLINE_S)
            return dispatch.take_blob(edge, blob)
    except dispatch.NodeGone as error:
        raise UserError("edge_gone", str(error), "Try again when it is back.", 410) from error
    except dispatch.StageFailed as error:
        if error.code in NO_FEATURES:
            raise UserError(
                error.code, f"{edge} no longer has these features.", "Ask the question again, then open this picture.", 410
            ) from error
        raise UserError(error.code, str(error), "The rest of the receipt is still valid.", 404) from error
