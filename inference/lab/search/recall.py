"""How often the photo that a text was written about is among the first that it finds. Pure."""

import numpy as np
from numpy.typing import NDArray

AT = (1, 5, 10)


def recall(texts: NDArray[np.float32], photos: NDArray[np.float32], per_photo: int) -> dict[int, float]:
    """Unit vectors, `per_photo` texts for each photo in order -> the share of texts whose photo is among the first 1, 5, 10."""
    scores = texts @ photos.T
    own = scores[np.arange(len(texts)), np.arange(len(texts)) // per_photo]
    better = (scores > own[:, None]).sum(1)
    return {at: round(float((better < at).mean()), 4) for at in AT}
