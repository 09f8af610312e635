"""The motion test: which parts of a small grey frame differ from a background that slowly follows. Pure numpy.

A light that goes on, off or flickers changes the whole frame by a gain and an offset, which are fitted and taken out. What
flickers at one place, a lamp or a tree in the wind, raises the threshold of that place by what it usually does.
"""

import math

import numpy as np
from numpy.typing import NDArray

from devices.agent.watching.frames import HEIGHT, WIDTH, Grey
from devices.contract.watches import Zone

Mask = NDArray[np.bool_]
FOLLOW_S = 30.0  # in which the background takes on what changes little by little
ABSORB_S = 12.0  # and what has changed, and stays as it is now: a parked car
LEAST = 9.0  # difference, of 255, that counts at all
DEVIATIONS = 4.0  # of a place's usual change, that count there
LEARN = 0.04  # of each frame, for the usual change: something that passes once hardly counts
LARGEST_CHANGE = 60.0  # that is learned as usual
MOST = 40.0  # and that is always enough: a place that changes much is looked at often, not never
NEIGHBOURS = 4  # of the eight around it that must have changed, too
GAINS = (0.4, 2.5)  # of a light; beyond them it is another scene


class Motion:
    def __init__(self) -> None:
        self._background: Grey | None = None
        self._usual = np.full((HEIGHT, WIDTH), LEAST / DEVIATIONS, np.float32)
        self._last: Grey | None = None
        self._at = 0.0

    def changed(self, frame: Grey, now: float) -> Mask:
        """Which pixels have changed; none in the first frame. `now`: seconds, on any clock that does not go back."""
        if self._background is None or self._last is None:
            self._background, self._last, self._at = frame.copy(), frame, now
            return np.zeros((HEIGHT, WIDTH), bool)
        passed, self._at = max(0.0, now - self._at), now
        difference = frame - relit(self._background, frame)
        threshold = np.clip(DEVIATIONS * self._usual, LEAST, MOST)
        stays = np.abs(frame - relit(self._last, frame)) < threshold
        mask = _without_specks(np.abs(difference) > threshold)
        moved = _without_specks(~stays)  # also what returns to the background: something that leaves
        self._learn(frame, difference, mask, stays, passed)
        self._last = frame
        return mask | moved

    def _learn(self, frame: Grey, difference: Grey, mask: Mask, stays: Mask, passed: float) -> None:
        follow, absorb = (1 - math.exp(-passed / seconds) for seconds in (FOLLOW_S, ABSORB_S))
        rate = np.where(mask, np.where(stays, absorb, 0.1 * follow), follow).astype(np.float32)
        assert self._background is not None
        lit = frame - difference  # the background, in the light of this frame
        self._background = lit + rate * difference
        # What moves through is not usual; what comes and goes at one place is.
        learn = np.where(mask & stays, 0.0, LEARN).astype(np.float32)
        self._usual += learn * (np.minimum(np.abs(difference), LARGEST_CHANGE) - self._usual)


def share(mask: Mask, zone: Zone) -> float:
    """Of the zone, that has changed."""
    rows = slice(int(zone.top * HEIGHT), max(int(zone.top * HEIGHT) + 1, round(zone.bottom * HEIGHT)))
    columns = slice(int(zone.left * WIDTH), max(int(zone.left * WIDTH) + 1, round(zone.right * WIDTH)))
    return float(mask[rows, columns].mean())


def relit(background: Grey, frame: Grey) -> Grey:
    """The background in the frame's light: gain and offset by least squares over what agrees with them."""
    x, y = background.ravel(), frame.ravel()
    agrees = np.ones(x.size, bool)
    gain, offset = 1.0, 0.0
    for _ in range(3):
        mean_x, mean_y = float(x[agrees].mean()), float(y[agrees].mean())
        spread = float(((x[agrees] - mean_x) ** 2).mean())
        slope = float(((x[agrees] - mean_x) * (y[agrees] - mean_y)).mean()) / spread if spread > 1.0 else 1.0
        gain = min(max(slope, GAINS[0]), GAINS[1])
        offset = mean_y - gain * mean_x
        residual = np.abs(y - gain * x - offset)
        agrees = residual <= max(float(np.median(residual)) * 2.5, 2.0)
    return (gain * background + offset).astype(np.float32)


def _without_specks(mask: Mask) -> Mask:
    padded = np.pad(mask, 1).astype(np.uint8)
    around = sum(
        padded[1 + down : 1 + down + HEIGHT, 1 + right : 1 + right + WIDTH]
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
        if down or right
    )
    return mask & (np.asarray(around) >= NEIGHBOURS)
