"""How alike two photos are: PSNR, and SSIM (Wang et al. 2004) with its usual window and constants."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

Photos = NDArray[np.uint8]
WINDOW, SIGMA = 11, 1.5
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
ALIKE = 100.0  # dB told for photos that do not differ at all


def psnr(first: Photos, second: Photos) -> NDArray[np.float64]:
    """uint8 [N, S, S, 3] twice -> decibels [N], over the three colours together."""
    error = np.mean((first.astype(np.float64) - second) ** 2, axis=(1, 2, 3))
    return np.minimum(ALIKE, 10 * np.log10(255**2 / np.maximum(error, 1e-12)))


def ssim(first: Photos, second: Photos) -> NDArray[np.float64]:
    """uint8 [N, S, S, 3] twice -> [N], of the brightness (ITU-R BT.601), as it is commonly reported."""
    a, b = _grey(first), _grey(second)
    mean_a, mean_b = _blur(a), _blur(b)
    spread_a, spread_b = _blur(a * a) - mean_a**2, _blur(b * b) - mean_b**2
    both = _blur(a * b) - mean_a * mean_b
    alike = (2 * mean_a * mean_b + C1) * (2 * both + C2) / ((mean_a**2 + mean_b**2 + C1) * (spread_a + spread_b + C2))
    return alike.mean((1, 2, 3)).numpy()


def of(photos: Photos, rebuilt: Photos) -> dict[str, float]:
    """Mean of both over the photos, rounded for a card."""
    return {"psnr": round(float(psnr(photos, rebuilt).mean()), 2), "ssim": round(float(ssim(photos, rebuilt).mean()), 4)}


def _grey(photos: Photos) -> Tensor:
    """[N, 1, S, S] in double precision: the variances are differences of large numbers."""
    return torch.from_numpy(photos @ np.array([0.299, 0.587, 0.114]))[:, None]


def _blur(values: Tensor) -> Tensor:
    at = torch.arange(WINDOW, dtype=values.dtype) - WINDOW // 2
    weights = torch.exp(-(at**2) / (2 * SIGMA**2))
    weights = weights / weights.sum()
    return F.conv2d(F.conv2d(values, weights[None, None, :, None]), weights[None, None, None, :])
