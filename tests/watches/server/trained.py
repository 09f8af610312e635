"""Finished training runs, as their files lie on the server."""

import json
from pathlib import Path
from typing import Any

WEIGHTS = b"weights of run "


def finished(var: Path, owner: Any, run: int = 3, classes: tuple[str, ...] = ("Whiskers", "empty yard"), **more: Any) -> Path:
    """The folder of a run of this person."""
    place = var / "federated" / str(run)
    place.mkdir(parents=True, exist_ok=True)
    (place / "model.safetensors").write_bytes(WEIGHTS + str(run).encode())
    card = {"model": "cnn-small", "dataset": "photos", "classes": classes, "accuracy": 0.9, "owner": owner.pk, **more}
    (place / "card.json").write_text(json.dumps(card))
    return place
