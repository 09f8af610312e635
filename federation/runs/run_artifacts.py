"""The files of a finished run: its model as safetensors, and a card for people and one for programs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from django.conf import settings
from safetensors.numpy import save_file

from federation.app.run_settings import RunSettings
from federation.models import Run
from federation.runs import wording
from federation.runs.spec import RunSpec

if TYPE_CHECKING:  # it brings Flower, which the web app can do without
    from federation.app.reports import Result

WEIGHTS = "model.safetensors"
CARD, TEXT = "card.json", "card.md"


class Card(TypedDict):
    """As stored beside the model."""

    name: str
    owner: int
    task: str
    model: str
    parameters: int
    dataset: str
    classes: list[str]
    rounds: int
    accuracy: float | None
    loss: float | None
    epsilon: float | None
    bytes_up: int
    bytes_down: int
    seconds: float
    spec: RunSettings


def folder(pk: int) -> Path:
    return Path(settings.VAR_DIR) / "federated" / str(pk)


def keep(run: Run, spec: RunSpec, place: Path, result: "Result") -> None:
    """Write the model after the last completed round and its cards below `place`.

    The card comes last, and each file is written atomically: a run with a card has a model that can be loaded.
    """
    tensors = {name: np.ascontiguousarray(array.numpy()) for name, array in result.arrays.items()}
    partial = place / f"{WEIGHTS}.partial"
    try:
        save_file(tensors, partial, metadata={"run": str(run.pk), "model": spec.model, "dataset": spec.dataset})
        partial.replace(place / WEIGHTS)
    finally:
        partial.unlink(missing_ok=True)  # a full disk keeps no half file
    facts = card(run, spec, sum(array.size for array in tensors.values()))
    facts["classes"] = list(result.classes) or facts["classes"]
    _write(place / TEXT, text(facts))
    _write(place / CARD, json.dumps(facts, indent=1) + "\n")


def card(run: Run, spec: RunSpec, parameters: int) -> Card:
    """What was trained, how, on whose data, and how accurate it is."""
    rounds = list(run.rounds.all())
    last = [row for row in rounds if row.counted][-1]  # the model is that after this round
    return {
        "name": f"run {run.pk}",
        "owner": run.owner_id,
        "task": "classify",
        "model": spec.model,
        "parameters": parameters,
        "dataset": spec.dataset,
        "classes": (run.holdings or {}).get("classes", []),
        "rounds": sum(row.counted for row in rounds),
        "accuracy": last.accuracy,
        "loss": last.loss,
        "epsilon": rounds[-1].epsilon,
        "bytes_up": sum(row.bytes_up for row in rounds),
        "bytes_down": sum(row.bytes_down for row in rounds),
        "seconds": round(run.seconds, 1),
        "spec": spec.settings(),
    }


def text(facts: Card) -> str:
    """The card as Markdown."""
    spec = facts["spec"]
    labels = wording.labels(spec)
    division = f"unevenly (Dirichlet, alpha {spec['alpha']:g})" if spec["partition"] == "dirichlet" else "evenly"
    updates = "at full precision" if spec["compression"] == "none" else f"in {wording.bits(spec)} a value"
    summed = "The server saw only sums of updates." if spec["secure_aggregation"] else "The server saw each update."
    epsilon = "unknown" if facts["epsilon"] is None else f"{facts['epsilon']:.2f}"
    private = f"Differential privacy: epsilon {epsilon} spent." if spec["privacy"] else "No differential privacy."
    accuracy = "not measured" if facts["accuracy"] is None else f"{100 * facts['accuracy']:.1f} % on held-out examples"
    classes = ", ".join(facts["classes"]) or "not named"
    return (
        f"# {facts['name'].capitalize()}\n\n"
        f"{labels['model']}, {facts['parameters']:,} parameters, names what is in a photo. Accuracy: {accuracy}. "
        f"{wording.tested_on(spec)}\n\n"
        f"* Data: {labels['dataset']}, divided {division} among {wording.counted(spec['clients'], 'client')}; "
        "no example left its client.\n"
        f"* Training: {wording.counted(facts['rounds'], 'round')} of {labels['strategy']}, "
        f"{wording.counted(spec['local_epochs'], 'local epoch')} each, {facts['seconds']:.0f} s in all.\n"
        f"* Link: {facts['bytes_up']:,} bytes up and {facts['bytes_down']:,} down, updates {updates}.\n"
        f"* {summed} {private}\n"
        f"* Classes: {classes}.\n\n"
        "It knows only these classes: a photo of anything else gets one of them as its answer.\n\n"
        f"Use it in chat: “Classify this with {facts['name']}.” The model goes to the photo; the photo stays where it is.\n"
    )


def _write(file: Path, content: str) -> None:
    partial = file.with_name(f"{file.name}.partial")
    try:
        partial.write_text(content)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
