"""A question that takes seconds, so that there is time to kill a worker."""

import io

import numpy as np
import pytest
from PIL import Image

from bench.harness.processes import wait_for
from bench.harness.stack import Stack
from tests.conftest import RECOVERY_S


@pytest.fixture
def large_photo() -> bytes:
    """Noise of about 1 MB: four seconds on jetson-a's link, when the photo itself is sent."""
    pixels = np.random.default_rng(1).integers(0, 256, (900, 1200, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=92)
    return out.getvalue()


@pytest.fixture
def healthy(stack: Stack) -> Stack:
    """The shared stack, after it has recovered from an earlier test."""
    wait_for(stack.recovered, RECOVERY_S, "the stack did not recover", every=0.5)
    return stack
