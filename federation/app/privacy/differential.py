"""Differential privacy of what a client contributes: its update is clipped and noised before anything else sees it.

The unit is one client's whole data. Each client adds its share of the noise, so the sum of all has the noise that was asked
for and no update leaves without any. What follows (quantising, error feedback, averaging) only processes what was noised. A
quantiser is not linear, though, so behind one the noise of the other clients cannot be counted on: `multiplier` then is that
of one client's own share.
"""

import math
from collections import Counter
from collections.abc import Iterable

import numpy as np

from federation.app.compression.flat_parameters import Vector

DELTA = 1e-5


def privatise(
    update: Vector, clip: float, noise_multiplier: float, clients: int, noise: np.random.Generator | None = None
) -> Vector:
    """Shorten to a norm of `clip` at most, then add normal noise of noise_multiplier · clip / √clients to each coordinate."""
    noise = noise or np.random.default_rng()  # from the system's entropy: whoever knows a seed takes the noise off again
    norm = float(np.linalg.norm(update))
    shortened = update * (clip / norm) if norm > clip else update
    drawn = noise.normal(0.0, noise_multiplier * clip / math.sqrt(clients), update.shape)
    return (shortened + drawn).astype(np.float32)


def multiplier(noise_multiplier: float, asked: int, summed: int, linear: bool) -> float:
    """Noise in what a round releases, in units of the clip: of the `summed` clients of `asked` together, or of one alone."""
    return noise_multiplier * math.sqrt((summed if linear else 1) / asked)


class Accountant:
    """Spent epsilon over the rounds so far, every client in each: Rényi accounting of Gaussian mechanisms.

    `multipliers` is all that has to be kept to go on later.
    """

    def __init__(self, multipliers: Iterable[float] = ()) -> None:
        self.multipliers = list(multipliers)

    def spend(self, noise: float) -> None:
        self.multipliers.append(noise)

    def epsilon(self) -> float | None:
        """At delta 1e-5. None where a round went without noise: then there is no bound."""
        if not self.multipliers or min(self.multipliers) <= 0:
            return None
        # Here and not above: clients load this module too, and a board need not have the accountant.
        from dp_accounting import GaussianDpEvent
        from dp_accounting.rdp import RdpAccountant

        accountant = RdpAccountant()
        for noise, rounds in Counter(self.multipliers).items():
            accountant.compose(GaussianDpEvent(noise), rounds)
        return float(accountant.get_epsilon(DELTA))
