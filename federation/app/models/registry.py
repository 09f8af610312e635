"""The models that a run can train, in the order in which the form lists them. A new one is a network and a value here.

No torch here: the form and the estimate are computed where torch need not be loaded, so `build` imports it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Architecture:
    """`build` and `parameters` take (channels, side, classes); `parameters` counts what `build` makes, for estimates."""

    name: str
    label: str
    help: str
    build: Callable[[int, int, int], "nn.Module"]
    parameters: Callable[[int, int, int], int]


def _conv(inner: int, outer: int) -> int:
    return 9 * inner * outer + 2 * outer  # weights of a 3×3 kernel, scale and shift of its norm


def _head(channels: int, classes: int) -> int:
    return (channels + 1) * classes


def _build_cnn(channels: int, side: int, classes: int) -> "nn.Module":
    from federation.app.models import networks

    return networks.cnn_small(channels, side, classes)


def _count_cnn(channels: int, side: int, classes: int) -> int:
    if side < 16:
        return _conv(channels, 16) + _conv(16, 32) + _conv(32, 48) + _head(48, classes)
    return _conv(channels, 16) + _conv(16, 48) + _conv(48, 96) + _conv(96, 96) + _head(96, classes)


def _build_resnet(channels: int, side: int, classes: int) -> "nn.Module":
    from federation.app.models import networks

    return networks.resnet_small(channels, side, classes)


def _count_resnet(channels: int, side: int, classes: int) -> int:
    blocks = _conv(24, 48) + 2 * _conv(48, 48) + _conv(48, 96) + 2 * _conv(96, 96)
    return _conv(channels, 24) + _conv(24, 24) + blocks + _head(96, classes)


ARCHITECTURES: tuple[Architecture, ...] = (
    Architecture("cnn-small", "Small CNN", "a few convolutions; trains fast", _build_cnn, _count_cnn),
    Architecture("resnet-small", "Small ResNet", "a narrow ResNet-9; more accurate and slower", _build_resnet, _count_resnet),
)


def by_name(name: str) -> Architecture:
    """Raises KeyError."""
    return {architecture.name: architecture for architecture in ARCHITECTURES}[name]
