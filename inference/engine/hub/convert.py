"""A torch checkpoint as safetensors, once, in this process: `python -m inference.engine.hub.convert CHECKPOINT SAFETENSORS`.

torch's restricted reader (`weights_only`) builds tensors and plain containers and runs nothing; the caller has checked the
file's digest before. Nodes never see the checkpoint.
"""

import sys
from pathlib import Path


def convert(checkpoint: Path, target: Path) -> None:
    """Raises ValueError for a checkpoint that is not a plain dictionary of tensors."""
    import torch
    from safetensors.torch import save_file

    values = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
    if not isinstance(values, dict) or not all(isinstance(value, torch.Tensor) for value in values.values()):
        raise ValueError("it holds something beside tensors")
    # Tensors that share memory are written one by one: the format refuses them.
    tensors = {name: value.contiguous().clone() for name, value in values.items()}
    part = target.with_suffix(".part")
    save_file(tensors, part, metadata={"format": "pt"})
    part.replace(target)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
