"""Head and tail of a vision tower. At every k, tail(head(x)) runs the same operations as the whole tower on x."""

from typing import Protocol

from torch import Tensor, nn


class Tower(Protocol):
    """A vision model in three parts. Features are [B, tokens, width], float: one token for the whole photo, then its places in a
    square grid, row by row. A convolutional tower has nothing to say in the first before it is finished; there it is zero. Within
    its last stage the places of a finer grid follow."""

    image_size: int  # pixels; the photo is squashed to this square
    depth: int  # number of blocks

    def shape(self, k: int) -> tuple[int, int]:
        """(tokens, width) of the features after k blocks."""

    def on_device(self, k: int) -> list[nn.Module]:
        """What embeds and the first k blocks."""

    def embed(self, pixels: Tensor) -> Tensor:
        """[B, 3, image_size, image_size], normalised -> features before the first block."""

    def blocks(self, features: Tensor, first: int, last: int) -> Tensor:
        """Blocks first…last-1."""

    def finish(self, features: Tensor) -> Tensor:
        """What the classifier, by the first token, and the text models look at."""


def head(tower: Tower, pixels: Tensor, k: int) -> Tensor:
    """Embeddings and the first k blocks. Raises ValueError when the tower has no such split point."""
    _check(tower, k)
    return tower.blocks(tower.embed(pixels), 0, k)


def tail(tower: Tower, features: Tensor, k: int) -> Tensor:
    """The blocks after k and the tower's end."""
    _check(tower, k)
    return tower.finish(tower.blocks(features, k, tower.depth))


def whole(tower: Tower, pixels: Tensor) -> Tensor:
    return tail(tower, tower.embed(pixels), 0)


def _check(tower: Tower, k: int) -> None:
    if not 0 <= k <= tower.depth:
        raise ValueError(f"This tower can be split after 0 to {tower.depth} blocks, not after {k}.")
