"""The classifiers that finished training runs left behind, by the names a question may use: "run 12"."""

from pathlib import Path

from django.conf import settings

from webapp.live.errors import UserError

NOT_ON_NODES = UserError(
    "model_not_on_nodes",
    "The model of that run is not on the nodes yet.",
    "Ask without naming the run, or use it from the Models page.",
)


def names() -> tuple[str, ...]:
    """Runs whose model was written whole: its card is written last."""
    folder = Path(settings.VAR_DIR) / "federated"
    numbers = [int(card.parent.name) for card in folder.glob("*/card.json") if card.parent.name.isdigit()]
    return tuple(f"run {number}" for number in sorted(numbers))
