"""The files of one task's exported networks, in its folder. No torch."""

import json
from pathlib import Path
from typing import TypedDict

FORMAT = 2
PIXELS = -1  # what comes before the embedding, where 0 is before the first block
NETWORKS = "networks.json"
CLASSIFIER = "classifier.safetensors"
ADAPT, ENCODE, MEMORY, STEP = "adapt.onnx", "encode.onnx", "memory.onnx", "step.onnx"


class Description(TypedDict):
    """JSON of `networks.json`."""

    format: int
    weights: str  # SHA-256 of the weights file that was exported, hex
    digest: str  # of the tower, as Networks.digest, hex
    texts: str
    places: int
    cuts: list[int]  # between which the tower's pieces lie: PIXELS, then numbers of blocks; empty: another task's tower serves


def piece(first: int, last: int) -> str:
    """The file of blocks first…last-1 of a tower; from PIXELS on, with the embedding before them."""
    return f"tower-{'pixels' if first == PIXELS else first}-{last}.onnx"


def read(folder: Path) -> Description | None:
    """None for a folder without exported networks. Raises ValueError for a damaged description, or another version's."""
    file = folder / NETWORKS
    if not file.exists():
        return None
    description: Description = json.loads(file.read_text())
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ValueError("it is of another version")
    return description
