"""One query to an engine, which takes several."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.engine.answer import Answer
from inference.engine.engines.engine import Engine, Query


def whole(engine: Engine, task: str, image: Image.Image, question: str = "") -> Answer:
    return engine.wholes([Query(task, question)], [image])[0]


def tail(engine: Engine, task: str, features: NDArray[np.float32], k: int, question: str = "") -> Answer:
    return engine.tails([Query(task, question)], [features], k)[0]
