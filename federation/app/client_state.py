"""What a client remembers between the rounds of a run, inside the Context that Flower keeps for it."""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context

from federation.app.compression.downlink import apply
from federation.app.compression.entropy import EntropyCode
from federation.app.compression.flat_parameters import Layout, Vector
from federation.app.errors import Refused
from federation.app.privacy.participants import Identity, Participant, Roster, trusted_peers
from federation.app.privacy.secure_aggregation import Member
from federation.app.records import list_of, number_of, value_of
from federation.app.train_config import ModelDelta, roster_entries, roster_of


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
        self._state, self._run, self._node_config = context.state, context.run_id, context.node_config

    def vector(self, name: str) -> Vector | None:
        record = self._state.array_records.get(name)
        return None if record is None else record["flat"].numpy().astype(np.float32)

    def put_vector(self, name: str, vector: Vector) -> None:
        self._state[name] = ArrayRecord({"flat": Array(np.ascontiguousarray(vector, np.float32))})

    # -- secure aggregation --------------------------------------------------------------------------------------------

    def member(self) -> Member:
        """This client's keys, generated on first use."""
        record = self._state.config_records.get("member")
        if record is None or "alive" not in record:
            member = Member.new()
            self.put_member(member)
            return member
        return Member(
            private=value_of(record, "private", bytes),
            public=value_of(record, "public", bytes),
            share=value_of(record, "share", bytes),
            masked=value_of(record, "masked", int),
            agreed=value_of(record, "agreed", int),
            alive=frozenset(list_of(record, "alive", int)),
            opened=value_of(record, "opened", int),
        )

    def put_member(self, member: Member) -> None:
        self._state["member"] = ConfigRecord({**vars(member), "alive": sorted(member.alive)})

    def identity(self) -> Identity:
        """Of the node, from the file that its configuration names; without one this client makes its own, for this run."""
        if file := self._node_config.get("identity"):
            return Identity.of_file(Path(str(file)))
        record = self._state.config_records.get("identity")
        if record is None:
            record = self._state["identity"] = ConfigRecord({"secret": secrets.token_bytes(32)})
        return Identity(value_of(record, "secret", bytes))

    def check(self, roster: Roster) -> None:
        """Raises Refused where a key in it is not signed, or is not of a node that this one trusts."""
        trusted = trusted_peers(Path(str(file))) if (file := self._node_config.get("peers")) else None
        if trusted is not None:
            trusted |= {self.identity().fingerprint}
        roster.check(self._run, trusted)

    def participant(self) -> Participant:
        return self.identity().advertise(self._run, self.member().public)

    def roster(self) -> Roster:
        """The clients whose updates are masked together. Raises Refused where this client does not know them."""
        record = self._state.config_records.get("roster")
        if record is None:
            raise Refused("This client no longer has the public keys behind its masks.")
        return roster_of(record)

    def put_roster(self, roster: Roster) -> None:
        self._state["roster"] = ConfigRecord(roster_entries(roster))

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
