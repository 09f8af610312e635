"""Which nodes a run asks: those that keep up. A node that was late rests for some rounds, longer each time it is late again."""

from collections.abc import Iterable

LONGEST_REST = 16  # rounds


class Tardiness:
    """By node: how often it was late in a row, and the round from which it is asked again."""

    def __init__(self) -> None:
        self._times: dict[str, int] = {}
        self._again: dict[str, int] = {}

    def late(self, node: str, number: int) -> None:
        """In round `number`; once a round, however many of its clients were late."""
        if self._again.get(node, 0) > number:
            return
        self._times[node] = self._times.get(node, 0) + 1
        self._again[node] = number + 1 + min(LONGEST_REST, 2 ** (self._times[node] - 1))

    def in_time(self, node: str) -> None:
        self._times.pop(node, None)
        self._again.pop(node, None)

    def resting(self, node: str, number: int) -> bool:
        return self._again.get(node, 0) > number

    def asked_again(self, node: str) -> int:
        """The round in which a resting node is asked again."""
        return self._again.get(node, 0)

    def rested(self, nodes: Iterable[str], number: int) -> list[str]:
        return [node for node in nodes if not self.resting(node, number)]
