"""What a run leaves behind: its model as safetensors, and a card for people and for programs."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from safetensors.numpy import save_file

from federation.models import Run
from federation.runs.spec import RunSpec

if TYPE_CHECKING:  # it brings Flower, which the web app can do without
    from federation.app.reports import Result

WEIGHTS = "model.safetensors"
CARD, TEXT = "card.json", "card.md"


def folder(pk: int) -> Path:
    return Path(settings.VAR_DIR) / "federated" / str(pk)


def keep(run: Run, spec: RunSpec, place: Path, result: "Result") -> None:
    """Write the model after the last completed round and its cards below `place`.

    The card comes last, and each file is moved in place whole: a run with a card has a model that can be loaded.
    """
    tensors = {name: np.ascontiguousarray(array.numpy()) for name, array in result.arrays.items()}
    partial = place / f"{WEIGHTS}.partial"
    save_file(tensors, partial, metadata={"run": str(run.pk), "model": spec.model, "dataset": spec.dataset})
    partial.replace(place / WEIGHTS)
    told = card(run, spec, sum(array.size for array in tensors.values()))
    told["classes"] = list(result.classes) or told["classes"]
    _write(place / TEXT, text(told))
    _write(place / CARD, json.dumps(told, indent=1) + "\n")


def card(run: Run, spec: RunSpec, parameters: int) -> dict[str, Any]:
    """What was trained, how, on whose data, and how well it does."""
    rounds = list(run.rounds.all())
    last = rounds[-1]
    return {
        "name": f"run {run.pk}",
        "owner": run.owner_id,
        "task": "classify",
        "model": spec.model,
        "parameters": parameters,
        "dataset": spec.dataset,
        "classes": (run.holdings or {}).get("classes", []),
        "rounds": last.number,
        "accuracy": last.accuracy,
        "loss": last.loss,
        "epsilon": last.epsilon,
        "bytes_up": sum(one.bytes_up for one in rounds),
        "bytes_down": sum(one.bytes_down for one in rounds),
        "seconds": round(run.seconds, 1),
        "spec": spec.model_dump(),
    }


def text(told: dict[str, Any]) -> str:
    """The card as Markdown."""
    spec = told["spec"]
    dealt = f"unevenly (Dirichlet, alpha {spec['alpha']:g})" if spec["partition"] == "dirichlet" else "evenly"
    sent = "at full precision" if spec["compression"] == "none" else f"in {spec['bits']:g} bits a value"
    summed = "The server saw only sums of updates." if spec["secure_aggregation"] else "The server saw each update."
    spent = "unknown" if told["epsilon"] is None else f"{told['epsilon']:.2f}"
    private = f"Differential privacy: epsilon {spent} spent." if spec["privacy"] else "No differential privacy."
    accuracy = "not measured" if told["accuracy"] is None else f"{100 * told['accuracy']:.1f} % on held-out examples"
    names = ", ".join(told["classes"]) or "not named"
    return (
        f"# {told['name'].capitalize()}\n\n"
        f"A {told['model']} of {told['parameters']:,} parameters that names what is in a photo. Accuracy: {accuracy}.\n\n"
        f"* Data: {told['dataset']}, dealt {dealt} to {spec['clients']} clients, which kept it.\n"
        f"* Training: {told['rounds']} rounds of {spec['strategy']}, {spec['local_epochs']} local epochs each, "
        f"{told['seconds']:.0f} s in all.\n"
        f"* Link: {told['bytes_up']:,} bytes up and {told['bytes_down']:,} down, updates {sent}.\n"
        f"* {summed} {private}\n"
        f"* Classes: {names}.\n\n"
        "It knows these classes and nothing else: a photo of anything else gets one of them as its answer.\n\n"
        f"Ask it in chat: “Classify this with {told['name']}.” It goes to the photo; the photo stays where it is.\n"
    )


def _write(file: Path, content: str) -> None:
    partial = file.with_name(f"{file.name}.partial")
    partial.write_text(content)
    partial.replace(file)
