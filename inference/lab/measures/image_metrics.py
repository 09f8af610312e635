"""How similar two photos are, by scikit-image: PSNR, and SSIM (Wang et al. 2004) with its usual window and constants."""

from types import ModuleType
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

Photos = NDArray[np.uint8]
BT601 = np.array([0.299, 0.587, 0.114])  # luma of red, green and blue
IDENTICAL = 100.0  # dB reported for identical photos, whose PSNR is infinite


class Quality(TypedDict):
    psnr: float  # dB
    ssim: float


def psnr(reference: Photos, test: Photos) -> NDArray[np.float64]:
    """uint8 [N, S, S, 3] twice -> decibels [N], over the three channels together."""
    metrics = _skimage()
    with np.errstate(divide="ignore"):  # identical photos
        decibels = [metrics.peak_signal_noise_ratio(a, b) for a, b in zip(reference, test, strict=True)]
    return np.minimum(IDENTICAL, decibels)


def ssim(reference: Photos, test: Photos) -> NDArray[np.float64]:
    """uint8 [N, S, S, 3] twice -> [N], on luma (ITU-R BT.601), as it is commonly reported.

    The window is Gaussian, 11 pixels wide with sigma 1.5; only places where it fits into the photo count."""
    metrics = _skimage()
    return np.array(
        [
            metrics.structural_similarity(
                a @ BT601, b @ BT601, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
            )
            for a, b in zip(reference, test, strict=True)
        ]
    )


def mean_quality(reference: Photos, test: Photos) -> Quality:
    """Means over the photos, rounded for a card."""
    return {"psnr": round(float(psnr(reference, test).mean()), 2), "ssim": round(float(ssim(reference, test).mean()), 4)}


def _skimage() -> ModuleType:
    """Imported on use: the lab and the benches need scikit-image, the product does not."""
    try:
        from skimage import metrics
    except ImportError:
        raise SystemExit("Image metrics need scikit-image; run `pip install -r requirements-dev.txt`.") from None
    return metrics
