"""Which revision of each large model is used, and what its weights are: the one place that says so. No torch.

A revision is a full commit hash of the model hub, which names every file of the model, and the SHA-256 is that of the weights
there: a hub, a mirror or a proxy that sends anything else is refused. Small files (configuration, vocabulary) are checked
against the ids that the commit gives them.
"""

import json
import os
from dataclasses import dataclass, fields
from pathlib import Path

WEIGHTS, CHECKPOINT = "model.safetensors", "pytorch_model.bin"


class PinsError(Exception):
    """One sentence with the remedy."""


@dataclass(frozen=True)
class Pin:
    repository: str
    revision: str  # full commit hash
    weights: str  # the file with them: WEIGHTS, or a CHECKPOINT of torch, which is converted to WEIGHTS once
    bytes: int  # of that file
    sha256: str  # of that file

    @property
    def is_converted(self) -> bool:
        return self.weights == CHECKPOINT


PINS = (
    Pin(
        "google/vit-base-patch16-224",
        "3f49326eb077187dfe1c2a2bb15fbd74e6ab91e3",
        WEIGHTS,
        346_293_852,
        "1cea07110a4a47edc51420b2dda6f3b8b58e7256e8f44b4ea6aa9696162ccb5d",
    ),
    # Published as a checkpoint of torch alone, which is a pickle. It is opened once, after its digest was checked and by the
    # reader that builds nothing but tensors (inference.engine.hub.convert); nodes read the safetensors made from it.
    Pin(
        "Salesforce/blip-image-captioning-base",
        "82a37760796d32b1411fe092ab5d4e227313294b",
        CHECKPOINT,
        989_820_849,
        "d6638651a5526cc2ede56f2b5104d6851b0755816d220e5e046870430180c767",
    ),
    Pin(
        "Salesforce/blip-vqa-base",
        "787b3d35d57e49572baabd22884b3d5a05acf072",
        WEIGHTS,
        1_538_800_584,
        "33786eed34def0c95fa948128cb4386be9b9219aa2c2e25f1c9c744692121bb7",
    ),
)


def of(repository: str) -> Pin:
    """Raises PinsError for a model that is not pinned."""
    for pin in (*_own_pins(), *PINS):
        if pin.repository == repository:
            return pin
    raise PinsError(f"No revision of {repository} is pinned; add it to the file that ISTHMUS_MODEL_PINS names.")


def _own_pins() -> tuple[Pin, ...]:
    """Those of an organisation that serves its own versions of the models from a mirror: a JSON list with the fields of Pin."""
    file = os.environ.get("ISTHMUS_MODEL_PINS")
    if not file:
        return ()
    names = {field.name for field in fields(Pin)}
    try:
        rows = json.loads(Path(file).read_text())
        if not isinstance(rows, list) or not all(isinstance(row, dict) and set(row) == names for row in rows):
            raise ValueError(f"it has to be a list of objects with {', '.join(sorted(names))}")
        return tuple(_checked(Pin(**row)) for row in rows)
    except (OSError, ValueError) as error:
        raise PinsError(f"ISTHMUS_MODEL_PINS names {file}, which cannot be used: {error}.") from None


def _checked(pin: Pin) -> Pin:
    if len(pin.revision) != 40 or len(pin.sha256) != 64 or not set(pin.revision + pin.sha256) <= set("0123456789abcdef"):
        raise ValueError(f"{pin.repository} needs a full commit hash and a SHA-256, in lower case")
    if pin.weights not in (WEIGHTS, CHECKPOINT) or not isinstance(pin.bytes, int) or pin.bytes < 1:
        raise ValueError(f"{pin.repository} needs the bytes of its {WEIGHTS} or {CHECKPOINT}")
    return pin
