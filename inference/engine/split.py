"""Head and tail of a vision tower. At every k, tail(head(x)) runs the same operations as the unsplit tower on x."""

from typing import Protocol

from torch import Tensor, nn


class Tower(Protocol):
    """A vision model in three parts: embedding, blocks, finish.

    Features are [B, tokens, width], float32: a class token, then a square grid of places, row by row. A convolutional tower has
    no class token before `finish`; it is zero there. Within its last stage the places of a finer grid follow.
    """

    image_size: int  # pixels; the photo is resized to this square, aspect ratio ignored
    depth: int  # number of blocks

    def shape(self, k: int) -> tuple[int, int]:
        """(tokens, width) of the features after k blocks."""

    def on_device(self, k: int) -> list[nn.Module]:
        """The modules of the head at k: embedding and the first k blocks."""

    def embed(self, pixels: Tensor) -> Tensor:
        """Pixels [B, 3, image_size, image_size], normalised -> features before the first block."""

    def blocks(self, features: Tensor, first: int, last: int) -> Tensor:
        """Apply blocks first…last-1."""

    def finish(self, features: Tensor) -> Tensor:
        """Final normalisation or pooling -> tokens [B, tokens, width]: the classifier reads the first, text decoders attend
        to all.
        """


def head(tower: Tower, pixels: Tensor, k: int) -> Tensor:
    """Pixels [B, 3, S, S] -> features [B, tokens, width] after k blocks. Raises ValueError for a k that the tower lacks."""
    _check(tower, k)
    return tower.blocks(tower.embed(pixels), 0, k)


def tail(tower: Tower, features: Tensor, k: int) -> Tensor:
    """Features [B, tokens, width] after k blocks -> tokens for the decoders. Raises ValueError as `head`."""
    _check(tower, k)
    return tower.finish(tower.blocks(features, k, tower.depth))


def whole(tower: Tower, pixels: Tensor) -> Tensor:
    return tail(tower, tower.embed(pixels), 0)


def _check(tower: Tower, k: int) -> None:
    if not 0 <= k <= tower.depth:
        raise ValueError(f"This tower can be split after 0 to {tower.depth} blocks, not after {k}.")
