"""How long a node is waited for. One that is offline is noticed earlier, by its heartbeat."""

from inference.engine.tasks.task import Task

SHORTEST_S = 5.0  # allows for a busy machine
LOADING_S = 15.0  # a model outside the tower is loaded by the first question for it
UNKNOWN_S = 20.0  # nothing is known about the link yet


def deadline_s(task: Task, predicted_ms: float | None) -> float:
    """Seconds after which a node that was asked counts as gone."""
    usual = UNKNOWN_S if predicted_ms is None else max(SHORTEST_S, task.patience * predicted_ms / 1000 + 2)
    return usual + (LOADING_S if task.standalone else 0)
