"""Which watches a node is to evaluate. What a watch is belongs to a floor above, which registers where they come from."""

from collections.abc import Callable, Mapping

from devices.contract.watches import Watches
from devices.models import Node

Source = Callable[[Mapping[Node, str]], Mapping[str, Watches]]
Listener = Callable[[Node, Mapping[str, str]], None]
_sources: list[Source] = []
_listeners: list[Listener] = []


def register(source: Source, listener: Listener) -> None:
    """`source` gets nodes with the digests that they reported, and answers with what each is to evaluate, by slug. `listener`
    gets what a node says of those that it cannot evaluate, by their numbers."""
    _sources[:], _listeners[:] = [source], [listener]


def reported_unable(node: Node, why: Mapping[str, str]) -> None:
    for listener in _listeners:
        listener(node, why)


def changed(reported: Mapping[Node, str]) -> dict[str, Watches]:
    """By slug, without nodes that have them already."""
    if not (_sources and reported):
        return {}
    watches = _sources[0](reported)
    return {node.slug: watches[node.slug] for node, digest in reported.items() if watches[node.slug].digest != digest}
