"""Exported decoders that reconstruct photos. No torch."""

import re
from pathlib import Path

from inference.engine.reconstruction import Rebuilding, Reconstructor

_NAME = re.compile(r"rebuild-(\d+)-(\d+)\.onnx")


def file_name(k: int, levels: int) -> str:
    return f"rebuild-{k}-{levels}.onnx"


def load(folder: Path) -> Reconstructor | None:
    """None for a folder without exported decoders."""
    matches = {file: match for file in folder.glob("rebuild-*.onnx") if (match := _NAME.fullmatch(file.name))}
    if not matches:
        return None
    from inference.engine.engines.onnx_networks import Sessions

    sessions, decoders = Sessions(), dict[int, Rebuilding]()
    for file, match in matches.items():
        function = sessions.open(file)
        _, tokens, width = function.inputs["features"]
        decoders[int(match[1])] = Rebuilding(lambda *values, run=function: run(*values)[0], (tokens, width), int(match[2]))
    return Reconstructor(decoders)
