"""The networks that a run can train, as torch modules: uint8-normalised photos [n, channels, side, side] -> logits [n,
classes].
"""

from torch import Tensor, nn
from torch.nn import functional as F


def _norm(channels: int) -> nn.GroupNorm:
    """Not batch norm: its running statistics would be one client's own, and averaging them over skewed clients breaks the
    model.
    """
    return nn.GroupNorm(max(1, channels // 16), channels)


def _conv(inner: int, outer: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inner, outer, 3, stride, 1, bias=False), _norm(outer), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """[n, channels, h, w] -> the same shape."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        last = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), _norm(channels))
        self.body = nn.Sequential(_conv(channels, channels), last)

    def forward(self, features: Tensor) -> Tensor:
        return F.relu(features + self.body(features))


def _head(channels: int, classes: int) -> nn.Sequential:
    return nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def cnn_small(channels: int, side: int, classes: int) -> nn.Module:
    """Three convolutions below 16 pixels, four above."""
    if side < 16:
        return nn.Sequential(_conv(channels, 16), _conv(16, 32), nn.MaxPool2d(2), _conv(32, 48), _head(48, classes))
    body = nn.Sequential(_conv(channels, 16, 2), _conv(16, 48), nn.MaxPool2d(2), _conv(48, 96), nn.MaxPool2d(2), _conv(96, 96))
    return nn.Sequential(body, _head(96, classes))


def resnet_small(channels: int, side: int, classes: int) -> nn.Module:
    """A narrow ResNet-9 (Page 2018, "How to train your ResNet", DAWNBench) at half resolution from its second layer on: on a
    small processor full resolution costs four times the time for two points of accuracy."""
    stem = nn.Sequential(_conv(channels, 24), _conv(24, 24, 2 if side >= 16 else 1))
    first = nn.Sequential(_conv(24, 48), nn.MaxPool2d(2), Residual(48))
    second = nn.Sequential(_conv(48, 96), nn.MaxPool2d(2), Residual(96))
    return nn.Sequential(stem, first, second, _head(96, classes))
