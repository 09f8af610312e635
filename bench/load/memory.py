"""The memory of a running stack over time, by kind of process."""

import statistics

from bench.harness.processes import command_of, pids_below, proportional_bytes

KINDS = (  # by what is in their command lines
    ("web", "webapp.asgi"),
    ("cloud worker", "webapp.celery"),
    ("node", "devices.agent"),
    ("Redis", "redis-server"),
)


class Memory:
    """Proportional set sizes: a page that processes share is counted once. Linux only."""

    def __init__(self, root: int) -> None:
        self.root = root
        self.samples: list[dict[str, int]] = []

    def sample(self) -> None:
        sizes: dict[str, int] = {}
        for pid in pids_below(self.root):
            kind = next((kind for kind, words in KINDS if words in command_of(pid)), "other")
            sizes[kind] = sizes.get(kind, 0) + proportional_bytes(pid)
        self.samples.append(sizes)

    def early_and_late(self) -> list[int]:
        """Megabytes of all processes in the second tenth of the time, when caches are full, and in the last."""
        return [round(size / 1e6) for size in self._ends([sum(sizes.values()) for sizes in self.samples])]

    def growth(self) -> float:
        early, late = self._ends([sum(sizes.values()) for sizes in self.samples])
        return round(late / early - 1, 3)

    def by_process(self) -> dict[str, list[int]]:
        kinds = sorted({kind for sizes in self.samples for kind in sizes})
        return {
            kind: [round(size / 1e6) for size in self._ends([sizes.get(kind, 0) for sizes in self.samples])] for kind in kinds
        }

    @staticmethod
    def _ends(sizes: list[int]) -> tuple[float, float]:
        tenth = max(1, len(sizes) // 10)
        return statistics.median(sizes[tenth : 2 * tenth] or sizes), statistics.median(sizes[-tenth:])
