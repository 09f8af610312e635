"""The configuration of a train message: everything a client needs to know for one round, so that any node can be any client.

The keys are part of what server and nodes agree on.
"""

from dataclasses import dataclass

import numpy as np
from flwr.app import ConfigRecord

from federation.app.compression.downlink import CodedUpdate
from federation.app.compression.flat_parameters import Vector
from federation.app.data import Partitioning
from federation.app.privacy.participants import Participant, Roster
from federation.app.records import ConfigValue, list_of, number_of, value_of

Entries = dict[str, ConfigValue]


@dataclass(frozen=True)
class TrainConfig:
    """The same for every client of a round, except `client`."""

    round: int
    dataset: str
    model: str
    classes: int
    partitioning: Partitioning
    epochs: int
    batch_size: int
    learning_rate: float
    proximal_mu: float
    control_variates: bool
    compression: str
    bits: float
    share: float
    masks: bool
    reference: float = 0.0  # under masks: examples of a typical client, or 0 where all clients weigh the same
    clip: float | None = None  # with differential privacy
    noise_multiplier: float = 0.0
    labels: tuple[str, ...] = ()  # of the classes, where each device names its own
    client: int = -1

    def entries(self) -> Entries:
        kind, clients, alpha, seed = self.partitioning
        entries: Entries = {
            "dataset": self.dataset, "model": self.model, "partition": kind, "alpha": alpha, "seed": seed,
            "compression": self.compression, "bits": self.bits, "share": self.share, "round": self.round,
            "classes": self.classes, "num-partitions": clients, "clients": clients, "epochs": self.epochs,
            "batch": self.batch_size, "rate": self.learning_rate, "mu": self.proximal_mu, "scaffold": self.control_variates,
            "masks": self.masks, "partition-id": self.client,
        }  # fmt: skip
        if self.labels:
            entries["labels"] = list(self.labels)
        if self.masks:
            entries["reference"] = self.reference
        if self.clip is not None:
            entries |= {"clip": self.clip, "noise": self.noise_multiplier}
        return entries

    @classmethod
    def read(cls, record: ConfigRecord) -> "TrainConfig":
        """Raises KeyError or ValueError."""
        masks = value_of(record, "masks", bool)
        private = "clip" in record
        seed, clients = value_of(record, "seed", int), value_of(record, "num-partitions", int)
        return cls(
            round=value_of(record, "round", int),
            dataset=value_of(record, "dataset", str),
            model=value_of(record, "model", str),
            classes=value_of(record, "classes", int),
            partitioning=Partitioning(value_of(record, "partition", str), clients, number_of(record, "alpha"), seed),
            epochs=value_of(record, "epochs", int),
            batch_size=value_of(record, "batch", int),
            learning_rate=number_of(record, "rate"),
            proximal_mu=number_of(record, "mu"),
            control_variates=value_of(record, "scaffold", bool),
            compression=value_of(record, "compression", str),
            bits=number_of(record, "bits"),
            share=number_of(record, "share"),
            masks=masks,
            reference=number_of(record, "reference") if masks else 0.0,
            clip=number_of(record, "clip") if private else None,
            noise_multiplier=number_of(record, "noise") if private else 0.0,
            labels=tuple(list_of(record, "labels", str)) if "labels" in record else (),
            client=value_of(record, "partition-id", int),
        )


@dataclass(frozen=True)
class ModelDelta:
    """How a client gets from the model it has to the one to train: every counted round after `after`; 0 is the initial model,
    which the seed determines. `digest` is that of the result."""

    after: int
    digest: str
    updates: list[CodedUpdate]

    def entries(self) -> Entries:
        return {
            "after": self.after,
            "digest": self.digest,
            "rounds": [update.round for update in self.updates],
            "codes": [update.codes for update in self.updates],
            "scales": [update.scales.tobytes() for update in self.updates],
        }

    @classmethod
    def read(cls, record: ConfigRecord) -> "ModelDelta":
        """Raises KeyError or ValueError."""
        columns = (list_of(record, "rounds", int), list_of(record, "codes", bytes), list_of(record, "scales", bytes))
        updates = [
            CodedUpdate(number, codes, np.frombuffer(scales, np.float32).reshape(2, -1))
            for number, codes, scales in zip(*columns, strict=True)
        ]
        return cls(value_of(record, "after", int), value_of(record, "digest", str), updates)


@dataclass(frozen=True)
class MaskConfig:
    """What a client needs to mask its update. `roster` comes only where the client does not have exactly this one."""

    exchange_id: int
    client: int
    roster: Roster | None = None
    scales: Vector | None = None  # of the quantiser, float32 [layers]

    def entries(self) -> Entries:
        entries: Entries = {"exchange": self.exchange_id, "me": self.client}
        if self.roster is not None:
            entries |= roster_entries(self.roster)
        if self.scales is not None:
            entries["scales-up"] = self.scales.tobytes()
        return entries

    @classmethod
    def read(cls, record: ConfigRecord) -> "MaskConfig":
        """Raises KeyError or ValueError."""
        roster = roster_of(record) if "members" in record else None
        scales = np.frombuffer(value_of(record, "scales-up", bytes), np.float32)
        return cls(value_of(record, "exchange", int), value_of(record, "me", int), roster, scales)


def roster_entries(roster: Roster) -> Entries:
    members = roster.members.values()
    return {
        "members": list(roster.members),
        "keys": [member.public for member in members],
        "identities": [member.identity for member in members],
        "signatures": [member.signature for member in members],
    }


def roster_of(record: ConfigRecord) -> Roster:
    """Raises KeyError or ValueError."""
    columns = (list_of(record, name, bytes) for name in ("keys", "identities", "signatures"))
    rows = zip(list_of(record, "members", int), *columns, strict=True)
    return Roster({number: Participant(public, identity, signature) for number, public, identity, signature in rows})
