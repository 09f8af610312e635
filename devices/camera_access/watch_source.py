"""Which watches a node is to evaluate. What a watch is belongs to a floor above, which registers where they come from."""

from collections.abc import Callable

from devices.contract.watches import Watches
from devices.models import Node

Source = Callable[[Node, str], Watches]
_sources: list[Source] = []


def register(source: Source) -> None:
    """`source` gets a node and the digest that it reported, and answers with what it is to evaluate."""
    _sources[:] = [source]


def changed_for(node: Node, reported: str) -> Watches | None:
    """None where the node has them already."""
    if not _sources:
        return None
    watches = _sources[0](node, reported)
    return watches if watches.digest != reported else None
