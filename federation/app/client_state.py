"""What a client remembers between the rounds of a run, inside the Context that Flower keeps for it."""

import hashlib
from dataclasses import dataclass

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context

from federation.app.compression.downlink import apply
from federation.app.compression.entropy import EntropyCode
from federation.app.compression.flat_parameters import Layout, Vector
from federation.app.privacy.secure_aggregation import Member
from federation.app.records import number_of, pairs_of, value_of
from federation.app.train_config import ModelDelta


class StaleModel(Exception):
    """The client does not have the model that the message builds on. `whole`: its own differs, so only the whole model
    helps.
    """

    def __init__(self, whole: bool) -> None:
        super().__init__("This client has missed rounds.")
        self.whole = whole


def digest(vector: Vector) -> str:
    return hashlib.sha256(vector.tobytes()).hexdigest()[:16]


@dataclass(frozen=True)
class PreviousRound:
    """For SCAFFOLD: what training did in this client's last round."""

    start: Vector
    update: Vector
    steps: int
    learning_rate: float


class ClientState:
    """Vectors and records by name. The model is stored with the number of the last round that it includes."""

    def __init__(self, context: Context) -> None:
        self._state = context.state

    def vector(self, name: str) -> Vector | None:
        record = self._state.array_records.get(name)
        return None if record is None else record["flat"].numpy().astype(np.float32)

    def put_vector(self, name: str, vector: Vector) -> None:
        self._state[name] = ArrayRecord({"flat": Array(np.ascontiguousarray(vector, np.float32))})

    # -- secure aggregation --------------------------------------------------------------------------------------------

    def member(self) -> Member:
        """This client's keys, generated on first use."""
        record = self._state.config_records.get("member")
        if record is None:
            member = Member.new()
            self.put_member(member)
            return member
        return Member(
            private=value_of(record, "private", bytes),
            public=value_of(record, "public", bytes),
            share=value_of(record, "share", bytes),
            masked=value_of(record, "masked", int),
            opened=value_of(record, "opened", int),
        )

    def put_member(self, member: Member) -> None:
        self._state["member"] = ConfigRecord(dict(vars(member)))

    def public_keys(self) -> dict[int, bytes]:
        """Of the clients whose updates are masked together; empty where this client does not know them."""
        record = self._state.config_records.get("cohort")
        return {} if record is None else pairs_of(record, "members", "keys")

    def put_public_keys(self, keys: dict[int, bytes]) -> None:
        self._state["cohort"] = ConfigRecord({"members": list(keys), "keys": list(keys.values())})

    # -- SCAFFOLD ------------------------------------------------------------------------------------------------------

    def previous_round(self) -> PreviousRound | None:
        start, update, pace = self.vector("start"), self.vector("gained"), self._state.config_records.get("pace")
        if start is None or update is None or pace is None:
            return None
        return PreviousRound(start, update, value_of(pace, "steps", int), number_of(pace, "rate"))

    def put_previous_round(self, previous: PreviousRound) -> None:
        self.put_vector("gained", previous.update)
        self.put_vector("start", previous.start)
        self._state["pace"] = ConfigRecord({"steps": previous.steps, "rate": previous.learning_rate})

    # -- the model -----------------------------------------------------------------------------------------------------

    def put_model(self, model: Vector, round_number: int) -> None:
        self.put_vector("held", model)
        self._state["heard"] = ConfigRecord({"round": round_number})

    def received_model(self, arrays: ArrayRecord) -> Vector:
        """The whole model, as a message brings it."""
        values = {name: array.numpy() for name, array in arrays.items()}
        return Layout.of(values).flat(values)

    def updated_model(self, delta: ModelDelta, newest: int, initial: Vector, code: EntropyCode | None) -> Vector:
        """The stored model with the rounds that a message brings, `newest` the last of them. Raises StaleModel."""
        record = self._state.config_records.get("heard")
        last_round = -1 if record is None else value_of(record, "round", int)
        # A client whose last reply came too late has more rounds than the server assumes.
        model = self.vector("held") if delta.after <= last_round <= newest else None
        if model is None and delta.after == 0:
            model, last_round = initial, 0
        if model is None:
            raise StaleModel(whole=False)
        missing = [update for update in delta.updates if update.round > last_round]
        model = apply(code, model, missing) if code is not None else model
        if digest(model) != delta.digest:
            raise StaleModel(whole=True)
        return model
