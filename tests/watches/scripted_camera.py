"""A folder that plays photos as a camera: an empty table, a wall, a cat. They come with scikit-image."""

import io
import threading
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from tests.watches.scenes import show

EMPTY, OTHER, CAT = "coffee", "brick", "chelsea"
FRAME_S, GRAIN = 0.3, 4.0


@cache
def _photo(name: str) -> Image.Image:
    return Image.fromarray(getattr(data, name)()).convert("RGB").resize((640, 480))


def frame(name: str, noise: np.random.Generator, light: float = 1.0) -> bytes:
    """What a camera gives of a photo, as a JPEG."""
    pixels = np.asarray(_photo(name), np.float32) * light
    out = io.BytesIO()
    grainy = np.clip(pixels + noise.normal(0, GRAIN, (480, 640, 1)), 0, 255).astype(np.uint8)
    Image.fromarray(grainy).save(out, "JPEG", quality=88)
    return out.getvalue()


class ScriptedCamera:
    """Plays one photo until it is given another, each frame with the noise of a sensor."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.scene = folder, EMPTY
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()

    def _play(self) -> None:
        noise = np.random.default_rng(7)
        while not self._over.wait(FRAME_S):
            if self.folder.exists():
                show(self.folder, frame(self.scene, noise))

    def stop(self) -> None:
        self._over.set()
        self._thread.join(10)
        (self.folder / "now.jpg").unlink(missing_ok=True)
