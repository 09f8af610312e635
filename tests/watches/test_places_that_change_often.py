"""The motion test gets used to a place that keeps changing, and still sees what is large: it must not become blind."""

import io

import numpy as np
from PIL import Image

from devices.agent.watching import frames, motion
from devices.contract.watches import Zone

SCENES, FRAMES = 60, 6


def _scene(number: int, seed: int) -> bytes:
    """Patches of chance as large as things, with the noise of a sensor."""
    patches = np.random.default_rng(number).integers(40, 215, (6, 8)).astype(np.uint8)
    picture = np.asarray(Image.fromarray(patches).resize((320, 240), Image.Resampling.NEAREST), np.float32)
    noisy = picture + np.random.default_rng(seed).normal(0, 4, picture.shape)
    out = io.BytesIO()
    Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(out, "JPEG", quality=90)
    return out.getvalue()


def test_each_of_many_scenes_that_differ_everywhere_is_motion() -> None:
    test, now, unseen = motion.Motion(), 0.0, []
    for scene in range(SCENES):
        shares = []
        for frame in range(FRAMES):
            mask = test.changed(frames.grey(_scene(scene, 100 * scene + frame)), now)
            shares.append(motion.share(mask, Zone()))
            now += 1
        if scene and max(shares) < 0.01:
            unseen.append(scene)
    assert not unseen
