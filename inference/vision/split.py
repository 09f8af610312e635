"""Head and tail of a vision tower. At every k, tail(head(x)) runs the same operations as the whole tower on x."""

from typing import Protocol

from torch import Tensor


class Tower(Protocol):
    """A vision transformer in three parts. Features are [B, tokens, width], float; the first token is the class token."""

    image_size: int  # pixels; the photo is squashed to this square
    depth: int  # number of blocks
    tokens: int  # 1 + grid²
    width: int

    def embed(self, pixels: Tensor) -> Tensor:
        """[B, 3, image_size, image_size], normalised -> features before the first block."""

    def blocks(self, features: Tensor, first: int, last: int) -> Tensor:
        """Blocks first…last-1."""

    def finish(self, features: Tensor) -> Tensor:
        """The final layer norm: what the classifier and the text models look at."""


def head(tower: Tower, pixels: Tensor, k: int) -> Tensor:
    """Embeddings and the first k blocks. Raises ValueError when the tower has no such split point."""
    _check(tower, k)
    return tower.blocks(tower.embed(pixels), 0, k)


def tail(tower: Tower, features: Tensor, k: int) -> Tensor:
    """The blocks after k and the final norm."""
    _check(tower, k)
    return tower.finish(tower.blocks(features, k, tower.depth))


def whole(tower: Tower, pixels: Tensor) -> Tensor:
    return tail(tower, tower.embed(pixels), 0)


def _check(tower: Tower, k: int) -> None:
    if not 0 <= k <= tower.depth:
        raise ValueError(f"This tower can be split after 0 to {tower.depth} blocks, not after {k}.")
