"""A run's specification as the app reads it: plain values, as stored and as they travel with an exported app.

A strategy's own parameters are further keys; `federation.app.strategies.base.Strategy.values` reads them.
"""

from typing import TypedDict


class PrivacySettings(TypedDict):
    noise_multiplier: float
    clip: float


class RunSettings(TypedDict):
    dataset: str
    model: str
    classes: list[str]  # of the devices' own photos, agreed before the start; empty elsewhere
    nodes: list[str]  # the device of each client, where each trains on its own photos
    clients: int
    rounds: int
    local_epochs: int
    batch_size: int
    learning_rate: float
    partition: str
    alpha: float
    strategy: str
    compression: str
    bits: float
    share: float
    secure_aggregation: bool
    privacy: PrivacySettings | None
    quorum: int
    round_deadline_s: float
    grace_s: float | None
    wall_clock_s: float
    uplink_bytes_per_s: int
    downlink_bytes_per_s: int
    seed: int


class Holdings(TypedDict):
    """The label distribution: examples by client, then by class. Empty where each device knows only its own."""

    classes: list[str]
    clients: list[list[int]]
