"""Whether a photo was taken indoors or outdoors, from its tower's mean token. No torch.

Question models of this size answer it little better than by chance; a layer of its own on the same token tells it from the
photo as a whole (inference/lab/halves/scenes.py).
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file

from inference.engine.catalogue import WEIGHTS
from inference.engine.engines.networks import Array
from inference.engine.questions.kinds import Kind, Reading

FILE = WEIGHTS / "scenes.safetensors"
INDOORS, OUTDOORS = "indoors", "outdoors"
_IN = r"(?:indoors?|inside|in (?:a|the) (?:room|house|building))"
_OUT = r"(?:outdoors?|outside|out|in (?:the )?(?:open|open air|nature))"
_WHERE = rf"(?:taken |shot |made |happening |set )?(?P<where>{_IN}|{_OUT})"
_PHOTO = r"(?:photo|picture|image|scene|shot)"
_WHETHER = re.compile(rf"^(?:is|was|were|are|does|do) (?:it|they|the {_PHOTO}|(?:this|that)(?: {_PHOTO})?) {_WHERE}$")
_WORDS = {INDOORS: re.compile(_IN), OUTDOORS: re.compile(_OUT)}


@dataclass(frozen=True)
class SceneLayer:
    """`tower`: digest of the weights whose tokens it knows."""

    tower: bytes
    weight: Array  # [width]
    bias: float

    def outdoors(self, mean: Array) -> float:
        """A tower's mean token [width] -> the probability that the photo was taken outdoors."""
        return float(1 / (1 + np.exp(-(mean @ self.weight + self.bias))))


def read(file: Path = FILE) -> SceneLayer:
    """Raises OSError and ValueError for a file that is missing or damaged."""
    weights = load_file(file)
    with safe_open(file, "numpy") as opened:
        tower = bytes.fromhex((opened.metadata() or {})["tower"])
    return SceneLayer(tower, weights["weight"].astype(np.float32), float(weights["bias"][0]))


@cache
def bundled() -> SceneLayer | None:
    """None where this installation has no such file."""
    return read() if FILE.exists() else None


def asked(reading: Reading) -> tuple[str, ...]:
    """The answers to a question for indoors or outdoors, what is asked for first; empty for any other question."""
    if reading.kind is Kind.EITHER_OR and len(reading.alternatives) == 2:
        names = [_name(choice) for choice in reading.alternatives]
        return (INDOORS, OUTDOORS) if sorted(filter(None, names)) == [INDOORS, OUTDOORS] else ()
    match = _WHETHER.match(reading.text) if reading.kind is Kind.YES_NO else None
    return ("yes", "no") if match else ()


def wanted(reading: Reading) -> str:
    """Of a yes or no question that `asked` knows: which of the two is asked after."""
    match = _WHETHER.match(reading.text)
    return _name(match["where"]) if match else OUTDOORS


def _name(text: str) -> str:
    return next((name for name, words in _WORDS.items() if words.fullmatch(text.strip())), "")
