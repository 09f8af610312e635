"""What this process leaves to others of the machine that it shares. Called before it imports what computes; the processes that
it starts inherit it.
"""

import os
import re


def confine() -> None:
    # numpy's products of matrices are small here, and threads of its own would contend with the engine's for the cores.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if match := re.fullmatch(r"cuda:(\d+)", os.environ.get("ISTHMUS_DEVICE") or ""):
        # This process sees that GPU and no other: every library finds it as the first.
        os.environ.update(CUDA_VISIBLE_DEVICES=match[1], ISTHMUS_DEVICE="cuda")
