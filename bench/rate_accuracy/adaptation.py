"""Photo codecs with adapted task heads: some of what distillation gives the feature code, as a fair opponent.

An affine map on the tower's last tokens, fitted in closed form so that photos compressed with this codec and quality give the
uncompressed photo's tokens.
"""

import numpy as np
import torch
from torch import Tensor

BATCH = 50  # photos


class AffineAdapter:
    """token + [token, class token, 1] · W, with one W for the class token and one for the others."""

    RIDGES = (1e-3, 1e-2, 1e-1, 1.0)  # of the mean square; chosen on the last fifth of the photos

    def __init__(self, weights: tuple[Tensor, Tensor]) -> None:
        self.weights = weights

    @classmethod
    def fit(cls, compressed: Tensor, target: Tensor) -> "AffineAdapter":
        """compressed, target [N, T, D]: tokens of compressed and of uncompressed training photos."""
        return cls((cls._fit(compressed, target, slice(0, 1)), cls._fit(compressed, target, slice(1, None))))

    @classmethod
    def _fit(cls, compressed: Tensor, target: Tensor, which: slice) -> Tensor:
        inputs, residuals = _inputs(compressed)[:, which].double(), (target - compressed)[:, which].double()
        cut = len(inputs) * 4 // 5
        candidates = [_ridge(inputs[:cut].flatten(0, 1), residuals[:cut].flatten(0, 1), ridge) for ridge in cls.RIDGES]
        errors = [float((inputs[cut:] @ weights - residuals[cut:]).square().mean()) for weights in candidates]
        best = cls.RIDGES[int(np.argmin(errors))]
        return _ridge(inputs.flatten(0, 1), residuals.flatten(0, 1), best).float()

    def __call__(self, tokens: Tensor) -> Tensor:
        """[N, T, D] -> [N, T, D]. In parts: the inputs are twice as wide as the tokens."""
        return torch.cat([self._adapted(part) for part in tokens.split(BATCH)])

    def _adapted(self, tokens: Tensor) -> Tensor:
        inputs = _inputs(tokens)
        return tokens + torch.cat([inputs[:, :1] @ self.weights[0], inputs[:, 1:] @ self.weights[1]], 1)


def _inputs(tokens: Tensor) -> Tensor:
    """[N, T, D] -> [N, T, 2 D + 1]; the class token is paired with the mean of the others."""
    partner = torch.cat([tokens[:, 1:].mean(1, keepdim=True), tokens[:, :1].expand(-1, tokens.shape[1] - 1, -1)], 1)
    return torch.cat([tokens, partner, torch.ones_like(tokens[..., :1])], -1)


def _ridge(inputs: Tensor, residuals: Tensor, ridge: float) -> Tensor:
    square = inputs.T @ inputs
    regular = ridge * square.trace() / len(square) * torch.eye(len(square), dtype=square.dtype)
    return torch.linalg.solve(square + regular, inputs.T @ residuals)
