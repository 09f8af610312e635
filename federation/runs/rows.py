"""What is stored of a round and of each client in it, as the columns of federation.models."""

from typing import TypedDict


class ClientProgress(TypedDict):
    """What a client of the round under way does."""

    partition: int
    node: str
    state: str
    reason: str


class RoundRow(TypedDict):
    number: int
    loss: float | None
    accuracy: float | None
    epsilon: float | None
    seconds: dict[str, float]  # compute, uplink, downlink, waiting, total
    bytes_up: int
    bytes_down: int
    counted: bool


class ClientRow(ClientProgress):
    """`told`, an older name: examples, bytes_up, bytes_down, compute_s, up_s, down_s, loss, accuracy, tested, skipped, note."""

    told: dict[str, float | str | None]
