"""What a client remembers between the rounds of a run, inside the Context that Flower keeps for it."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context

from federation.app.compression.downlink import Coded, apply
from federation.app.compression.entropy import EntropyCode
from federation.app.compression.flat_parameters import Layout, Vector
from federation.app.privacy.secure_aggregation import Member


class StaleModel(Exception):
    """The client has not the model that the message builds on. `whole`: what it has differs, so only the whole one helps."""

    def __init__(self, whole: bool) -> None:
        super().__init__("This client has missed rounds.")
        self.whole = whole


def digest(vector: Vector) -> str:
    return hashlib.sha256(vector.tobytes()).hexdigest()[:16]


class Memory:
    """Vectors and words by name. The model that is held is kept with the number of the last round that it has heard of."""

    def __init__(self, context: Context) -> None:
        self._state = context.state

    def vector(self, name: str) -> Vector | None:
        kept = self._state.array_records.get(name)
        return None if kept is None else kept["flat"].numpy().astype(np.float32)

    def keep(self, name: str, vector: Vector) -> None:
        self._state[name] = ArrayRecord({"flat": Array(np.ascontiguousarray(vector, np.float32))})

    def words(self, name: str) -> dict[str, Any]:
        kept = self._state.config_records.get(name)
        return {} if kept is None else dict(kept)

    def keep_words(self, name: str, words: Mapping[str, Any]) -> None:
        self._state[name] = ConfigRecord(dict(words))

    def member(self) -> Member:
        """This client's keys, made when they are first asked for."""
        kept = self.words("member")
        if kept:
            return Member(**kept)
        made = Member.new()
        self.keep_member(made)
        return made

    def keep_member(self, member: Member) -> None:
        self.keep_words("member", vars(member))

    def model(self, told: Mapping[str, Any], first: Vector, sent: ArrayRecord | None, code: EntropyCode | None) -> Vector:
        """The model to train: as sent, or what is held with the rounds that the message brings. Keeps it. Raises StaleModel."""
        if sent is not None:
            arrays = {name: array.numpy() for name, array in sent.items()}
            held = Layout.of(arrays).flat(arrays)
        else:
            held = self._updated(told, first, code)
            if digest(held) != told["digest"]:
                raise StaleModel(whole=True)
        if code is not None:
            self.keep("held", held)
            self.keep_words("heard", {"round": int(told["heard"])})
        return held

    def _updated(self, told: Mapping[str, Any], first: Vector, code: EntropyCode | None) -> Vector:
        # The message brings every counted round after `after`; 0 is the model that the seed makes. A client whose last answer came
        # too late knows more than the server thinks.
        after, known = int(told["after"]), int(self.words("heard").get("round", -1))
        held = self.vector("held") if after <= known <= int(told["heard"]) else None
        if held is None and after == 0:
            held, known = first, 0
        if held is None:
            raise StaleModel(whole=False)
        rounds = zip(told["rounds"], told["codes"], told["scales"], strict=True)
        brought = [
            Coded(int(number), codes, np.frombuffer(scales, np.float32).reshape(2, -1)) for number, codes, scales in rounds
        ]
        lacking = [one for one in brought if one.round > known]
        return apply(code, held, lacking) if code is not None else held
