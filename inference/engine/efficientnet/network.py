"""EfficientNet-Lite (Tan and Le 2019; "Lite" has no squeeze-and-excite and ReLU6 instead of swish) for inference: batch norm is
folded into the convolutions."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from inference.engine.efficientnet.blocks import HEAD, STEM, Block, blocks

EPSILON = 1e-3  # of the batch norms, which were trained with TensorFlow


class Convolution(nn.Module):
    """A convolution, and ReLU6 unless `linear`. Padded as TensorFlow's "same", which at stride 2 pads the far side more."""

    def __init__(
        self, channels_in: int, channels: int, kernel: int, stride: int = 1, groups: int = 1, linear: bool = False
    ) -> None:
        super().__init__()
        near = (kernel - stride) // 2
        self.padding = (near, kernel - stride - near) * 2 if stride > 1 else None
        self.conv = nn.Conv2d(channels_in, channels, kernel, stride, 0 if self.padding else kernel // 2, groups=groups)
        self.linear = linear

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(F.pad(x, self.padding) if self.padding else x)
        return x if self.linear else F.relu6(x, inplace=True)


class InvertedResidual(nn.Module):
    """MBConv (Sandler et al. 2018): widen, filter each channel, narrow."""

    def __init__(self, row: Block) -> None:
        super().__init__()
        wide = row.channels_in * row.expansion
        layers = [Convolution(row.channels_in, wide, 1)] if row.expansion > 1 else []
        layers += [
            Convolution(wide, wide, row.kernel, row.stride, groups=wide),
            Convolution(wide, row.channels, 1, linear=True),
        ]
        self.layers = nn.Sequential(*layers)
        self.residual = row.stride == 1 and row.channels_in == row.channels

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


class EfficientNetLite(nn.Module):
    """`size` as in blocks.SIZES. Raises KeyError for another."""

    def __init__(self, size: str, classes: int = 1000) -> None:
        super().__init__()
        self.rows = blocks(size)
        self.stem = Convolution(3, STEM, 3, 2)
        self.blocks = nn.ModuleList(InvertedResidual(row) for row in self.rows)
        self.head = Convolution(self.rows[-1].channels, HEAD, 1)
        self.classifier = nn.Linear(HEAD, classes)

    def forward(self, pixels: Tensor) -> Tensor:
        """[B, 3, S, S], normalised -> logits [B, classes]."""
        x = self.stem(pixels)
        for block in self.blocks:
            x = block(x)
        logits: Tensor = self.classifier(self.head(x).mean((2, 3)))
        return logits


def folded(published: Mapping[str, Tensor], size: str) -> dict[str, Tensor]:
    """The published state dict -> that of EfficientNetLite, bit for bit the same on every machine: nodes recognise each other's
    towers by the digest of these numbers. Raises KeyError where it belongs to another network."""
    weights: dict[str, Tensor] = {}

    def double(name: str) -> NDArray[np.float64]:
        # NumPy's arithmetic is IEEE 754's. The last bit of torch's square root depends on the processor.
        return published[name].numpy().astype(np.float64)

    def single(values: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(values.astype(np.float32))

    def fold(target: str, conv: str, norm: str) -> None:
        scale = double(f"{norm}.weight") / np.sqrt(double(f"{norm}.running_var") + EPSILON)
        weights[f"{target}.conv.weight"] = single(double(f"{conv}.weight") * scale[:, None, None, None])
        weights[f"{target}.conv.bias"] = single(double(f"{norm}.bias") - double(f"{norm}.running_mean") * scale)

    fold("stem", "_conv_stem", "_bn0")
    for number, row in enumerate(blocks(size)):
        names = [("_expand_conv", "_bn0")] * (row.expansion > 1) + [("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")]
        for place, (conv, norm) in enumerate(names):
            fold(f"blocks.{number}.layers.{place}", f"_blocks.{number}.{conv}", f"_blocks.{number}.{norm}")
    fold("head", "_conv_head", "_bn1")
    weights["classifier.weight"], weights["classifier.bias"] = published["_fc.weight"], published["_fc.bias"]
    return weights
