"""Confidence intervals of shares."""

import math
from statistics import NormalDist

Interval = tuple[float, float]


def wilson(successes: int, n: int, level: float = 0.95) -> Interval:
    """The score interval of a binomial proportion (Wilson 1927); (0, 1) where nothing was counted. It takes the cases for
    independent: several questions about one photo are not quite, so theirs is somewhat wider in truth.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share")
    if not n:
        return 0.0, 1.0
    z, share = NormalDist().inv_cdf((1 + level) / 2), successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def rounded(interval: Interval) -> list[float]:
    """As JSON."""
    return [round(bound, 4) for bound in interval]
