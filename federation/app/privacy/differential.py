"""Client-level differential privacy: a client's update is clipped and noised before anything else sees it.

The unit of privacy is all data of one client. Each client adds its share of the noise, so the sum has the specified noise and
no update leaves without any. What follows (quantisation, error feedback, averaging) is post-processing. A quantiser is not
linear, though, so after one the other clients' noise cannot be counted on: `multiplier` is then that of one client's own share.

Epsilon covers the model. What clients report beside their updates (examples, losses, accuracies) is not covered.
"""

import math
from collections import Counter
from collections.abc import Iterable

import numpy as np

from federation.app.compression.flat_parameters import Vector
from federation.app.run_settings import RunSettings

DELTA = 1e-5


def privatise(
    update: Vector, clip: float, noise_multiplier: float, clients: int, noise: np.random.Generator | None = None
) -> Vector:
    """Clip to an L2 norm of at most `clip`, then add normal noise with deviation noise_multiplier · clip / √clients to each
    coordinate."""
    noise = noise or np.random.default_rng()  # from the system's entropy: whoever knows the seed can subtract the noise
    norm = float(np.linalg.norm(update))
    clipped = update * (clip / norm) if norm > clip else update
    draws = noise.normal(0.0, noise_multiplier * clip / math.sqrt(clients), update.shape)
    return (clipped + draws).astype(np.float32)


def multiplier(noise_multiplier: float, clients: int, summed: int, linear: bool) -> float:
    """Noise in what a round releases, in units of the clipping norm: that of the `summed` of all `clients`, or of one alone."""
    return noise_multiplier * math.sqrt((summed if linear else 1) / clients)


def round_multiplier(settings: RunSettings, summed: int) -> float:
    """Noise in a round of this run that sums `summed` updates, in units of the clipping norm. Under masks updates are quantised
    even without compression."""
    privacy = settings["privacy"]
    linear = settings["compression"] == "none" and not settings["secure_aggregation"]
    return multiplier(privacy["noise_multiplier"], settings["clients"], summed, linear) if privacy else 0.0


def epsilon_after(noise: float, rounds: int) -> float | None:
    """Epsilon at delta 1e-5 of so many rounds with equal noise, before any of them: that of `Accountant`, which loads seconds
    of libraries, from the formula for Gaussian mechanisms (Mironov 2017; Canonne et al. 2020, proposition 12). None without
    noise.
    """
    if noise <= 0:
        return None
    orders = np.array([*(1 + tenth / 10 for tenth in range(1, 100)), *range(11, 64), 128, 256, 512, 1024])
    divergence = rounds * orders / (2 * noise**2)
    epsilon = divergence + np.log1p(-1 / orders) - np.log(DELTA * orders) / (orders - 1)
    bounded_anyway = DELTA**2 + np.expm1(-divergence) > 0
    return max(0.0, float(np.where(bounded_anyway, 0.0, epsilon).min()))


class Accountant:
    """The epsilon spent over the rounds so far, every client in each: Rényi accounting of Gaussian mechanisms (Mironov 2017).

    `multipliers` is all the state there is.
    """

    def __init__(self, multipliers: Iterable[float] = ()) -> None:
        self.multipliers = list(multipliers)

    def spend(self, noise: float) -> None:
        self.multipliers.append(noise)

    def epsilon(self) -> float | None:
        """At delta 1e-5. None where a round had no noise: then there is no bound."""
        if not self.multipliers or min(self.multipliers) <= 0:
            return None
        # Imported here: clients load this module too, and a board need not have the accountant.
        from dp_accounting import GaussianDpEvent
        from dp_accounting.rdp import RdpAccountant

        accountant = RdpAccountant()
        for noise, rounds in Counter(self.multipliers).items():
            accountant.compose(GaussianDpEvent(noise), rounds)
        return float(accountant.get_epsilon(DELTA))
