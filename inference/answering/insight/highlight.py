"""Where the model looked for its answer: a coarse map, computed on demand where the photo or its features are."""

from dataclasses import dataclass

from devices import dispatch
from devices.contract.jobs import Highlight
from inference.models import Turn
from inference.receipt import Receipt
from webapp.live.at_once import AtOnce
from webapp.live.errors import UserError

DEADLINE_S = 15.0
CALLS = AtOnce(3, "highlights being computed")


@dataclass(frozen=True)
class Shown:
    node: str
    answer: str  # what the map is for
    rows: list[list[float]]  # of a square, 0…1


def highlight(turn: Turn, number: int) -> Shown:
    """From the features at the edge while they are cached there, otherwise from the photo on its device. Raises UserError: 404
    where the models cannot say, 410 where the node or the photo is gone."""
    step = next((step for step in turn.steps.all() if step.number == number), None)
    receipt: Receipt | None = step.receipt if step else None
    answer = receipt["answer"] if receipt else None
    if step is None or turn.visible_photo is None or not receipt or not answer or receipt.get("absent"):
        raise UserError("no_highlight", "There is no answer in this step to look for.", "Open a step that was answered.", 404)
    if receipt.get("crop"):
        raise UserError(
            "no_highlight", "This step looked at a part of the photo only.", "The receipt says which part that is.", 404
        )
    photo = receipt.get("photo", str(turn.visible_photo.pk))
    job = Highlight(task=receipt["task"], question=step.question or None, answer=answer, photo=photo)
    with CALLS.of(turn.owner_id), dispatch.on_behalf_of(turn.owner_id):
        if receipt["edge"] and receipt["split_at"] is not None and receipt.get("levels"):
            level = receipt["levels"][-1]["level"]
            try:
                from_features = job.model_copy(update={"split_at": receipt["split_at"], "level": level})
                return _ask(receipt["edge"], from_features, answer)
            except UserError:
                pass  # the device still has the photo
        return _ask(receipt["device"], job, answer)


def _ask(node: str, job: Highlight, answer: str) -> Shown:
    try:
        return Shown(node, answer, dispatch.call(node, job, DEADLINE_S).rows)
    except dispatch.NodeGone as error:
        raise UserError("node_gone", str(error), "Try again when it is back.", 410) from error
    except dispatch.StageFailed as error:
        gone = error.code in ("photo_missing", "features_missing", "expired")
        status, remedy = (410, "Ask about the photo again.") if gone else (404, "The rest of the receipt is still valid.")
        raise UserError(error.code, str(error), remedy, status) from error
