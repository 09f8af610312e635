"""The client: trains the model that a message brings on its own part of the data, and sends what the model has gained.

A message's configuration holds all that a client needs to know, so any node can be any client. What it keeps in its Context are
the model it holds, what its updates still owe (error feedback), SCAFFOLD's last gains, and its keys.
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Error, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.common.constant import ErrorCode
from torch import nn

from federation.app import data, task
from federation.app.client_state import StaleModel, Memory
from federation.app.compression import scales
from federation.app.compression.entropy import EntropyCode, ways
from federation.app.compression.flat_parameters import Layout, Vector
from federation.app.compression.modular_quantiser import UNCOMPRESSED_BITS, RingCode, Uplink, pack
from federation.app.errors import DataMissing
from federation.app.privacy import differential
from federation.app.privacy.secure_aggregation import Refused

app = ClientApp()
Handler = Callable[[Message, Context], RecordDict]


class Codes(NamedTuple):
    up: EntropyCode
    down: EntropyCode


def codes_of(told: dict[str, Any], layout: Layout) -> Codes | None:
    """What both sides agree on for either way. Under masks the way up has another code, a ring, and the way down as many bits as it."""
    if told["compression"] == "none":
        return None
    bits = float(told["bits"])
    up, down = 2 * (bits * float(told["share"]),) if told["masks"] else ways(bits)
    return Codes(EntropyCode(layout, up), EntropyCode(layout, down))


def ring_of(told: dict[str, Any], layout: Layout) -> RingCode | None:
    """Of the way up under masks, where also uncompressed values are whole numbers, of 32 bits."""
    if not told["masks"]:
        return None
    bits, share = (int(told["bits"]), float(told["share"])) if told["compression"] != "none" else (UNCOMPRESSED_BITS, 1.0)
    return RingCode.agreed(layout, bits, share, int(told["seed"]), int(told["clients"]))


def _answered(handler: Handler) -> Callable[[Message, Context], Message]:
    """What can be expected to go wrong on a client reaches the server as its sentence."""

    def answer(message: Message, context: Context) -> Message:
        try:
            return Message(handler(message, context), reply_to=message)
        except (DataMissing, Refused, ValueError, KeyError) as error:
            return Message(Error(ErrorCode.CLIENT_APP_RAISED_EXCEPTION, str(error)[:300]), reply_to=message)

    return answer


def _told(message: Message) -> dict[str, Any]:
    return dict(message.content.config_records["config"])


@app.query("classes")
@_answered
def classes(message: Message, context: Context) -> RecordDict:
    """What the photos of this device are sorted by."""
    _, words = data.load(_told(message)["dataset"], False, data.root())
    return RecordDict({"classes": ConfigRecord({"words": list(words)})})


@app.query("keys")
@_answered
def keys(message: Message, context: Context) -> RecordDict:
    public = Memory(context).member().public
    return RecordDict({"keys": ConfigRecord({"public": public})})


@app.query("open")
@_answered
def open_masks(message: Message, context: Context) -> RecordDict:
    """Tell what takes the masks off the sum of those that are named."""
    told = _told(message)
    memory = Memory(context)
    member, public = memory.member(), memory.words("cohort")
    if not public:
        raise Refused("This client has forgotten whose masks it put on.")
    peers = dict(zip(public["members"], public["keys"], strict=True))
    shares = dict(zip(told["owners"], told["shares"], strict=True))
    opened = member.open(int(told["exchange"]), int(told["me"]), peers, told["alive"], shares)
    memory.keep_member(member)
    found: dict[str, Any] = {"owners": list(opened.shares), "shares": list(opened.shares.values())}
    return RecordDict({"opened": ConfigRecord({**found, "lost": list(opened.seeds), "seeds": list(opened.seeds.values())})})


@app.train()
@_answered
def train(message: Message, context: Context) -> RecordDict:
    started = time.process_time()
    told = _told(message)
    memory = Memory(context)
    held = data.client_part(told)
    model = task.build(told["model"], told["dataset"], int(told["classes"]), int(told["seed"]))
    first = task.arrays_of(model)
    layout = Layout.of(first)
    codes = codes_of(told, layout)
    try:
        start = memory.model(told, layout.flat(first), message.content.array_records.get("model"), codes and codes.down)
    except StaleModel as behind:
        return RecordDict({"metrics": MetricRecord({"behind": 2 if behind.whole else 1})})
    task.put_arrays(model, layout.arrays(start))
    turn = _turn(told, layout)
    trained = task.train(model, held, _work(told, memory, layout, start, turn))
    gained = layout.flat(task.arrays_of(model)) - start
    if turn is not None:
        gained *= turn  # weight decay pulls at the others all the same
    if not np.isfinite(gained).all():
        raise ValueError("Its training diverged; a smaller learning rate helps.")
    if told["scaffold"]:
        memory.keep("gained", gained)
        memory.keep("start", start)
        memory.keep_words("pace", {"steps": trained.steps, "rate": float(told["rate"])})
    metrics: dict[str, Any] = {
        "num-examples": len(held),
        "loss": trained.loss,
        "compute_s": time.process_time() - started,
    }
    if told["dataset"] == "photos":  # the server has none to test on
        metrics |= _tested(model, layout, start)
    if "clip" in told:
        gained = differential.privatise(gained, float(told["clip"]), float(told["noise"]), int(told["clients"]))
    return RecordDict({**_sent(told, memory, layout, codes, start, gained, len(held)), "metrics": MetricRecord(metrics)})


def _tested(model: nn.Module, layout: Layout, start: Vector) -> dict[str, float]:
    held_out, _ = data.load("photos", True, data.root())
    task.put_arrays(model, layout.arrays(start))
    loss, accuracy = task.evaluate(model, held_out)
    return {"test-loss": loss, "test-accuracy": accuracy}


def _turn(told: dict[str, Any], layout: Layout) -> Vector | None:
    """1 where this round's masked update has a value, 0 elsewhere; None where it has all.

    Only values whose turn it is are trained. Trained all the same and sent later, a value's gain would add up over the rounds it
    waits, each made from the same place, and overshoot: on the digits that cost eight points at a quarter of the values.
    """
    code = ring_of(told, layout)
    if code is None or code.share >= 1:
        return None
    found = np.zeros(layout.size, np.float32)
    found[code.rows(int(told["round"]))] = 1
    return found


def _work(told: dict[str, Any], memory: Memory, layout: Layout, start: Vector, turn: Vector | None) -> task.Work:
    correction = None
    before, gained, pace = memory.vector("start"), memory.vector("gained"), memory.words("pace")
    if told["scaffold"] and before is not None and gained is not None and pace["steps"]:
        # Karimireddy et al. 2020, option II. With every client in every round the control variates are what the model and this
        # client gained in the round before, per step: nothing beyond the model itself has to travel.
        scale = (1 - task.MOMENTUM) / (pace["steps"] * pace["rate"])
        correction = layout.arrays(((gained - (start - before)) * scale).astype(np.float32))
    return task.Work(
        epochs=int(told["epochs"]),
        batch_size=int(told["batch"]),
        learning_rate=float(told["rate"]),
        seed=(int(told["seed"]) * 7919 + int(told["round"])) * 1009 + int(told["partition-id"]),
        proximal_mu=float(told["mu"]),
        correction=correction,
        turn=None if turn is None else layout.arrays(turn),
    )


def _sent(
    told: dict[str, Any], memory: Memory, layout: Layout, codes: Codes | None, start: Vector, gained: Vector, examples: int
) -> dict[str, ArrayRecord | ConfigRecord]:
    """The update as it travels: whole arrays, packed levels with their scales, or masked codes."""
    ring = ring_of(told, layout)
    if ring is not None:
        return _masked(told, memory, ring, gained, examples)
    if codes is None:
        return {"arrays": ArrayRecord({name: Array(one) for name, one in layout.arrays(start + gained).items()})}
    packed, own = codes.up.encode(gained, start)
    return {"update": ConfigRecord({"codes": packed, "scales": own.tobytes()})}


def _masked(
    told: dict[str, Any], memory: Memory, code: RingCode, gained: Vector, examples: int
) -> dict[str, ArrayRecord | ConfigRecord]:
    owed = memory.vector("residual")
    uplink = Uplink.new(code) if owed is None else Uplink(code, owed)
    number = int(told["round"])
    # Weighted before it is summed, for afterwards nobody can tell the updates apart.
    weighted = gained * np.float32(examples / told["reference"] if told["reference"] else 1.0)
    rows = code.rows(number)
    wish = code.scales((weighted + uplink.residual)[rows], rows)
    codes = uplink.encode(weighted, number, np.frombuffer(told["scales-up"], np.float32))
    memory.keep("residual", uplink.residual)
    member, public = memory.member(), memory.words("cohort")
    if "keys" in told:
        public = {"members": told["members"], "keys": told["keys"]}
        memory.keep_words("cohort", public)
    peers = dict(zip(public["members"], public["keys"], strict=True))
    masked = member.mask(int(told["exchange"]), np.concatenate([codes, scales.told(wish)]), code.bits, int(told["me"]), peers)
    memory.keep_member(member)
    return {
        "update": ConfigRecord(
            {"codes": pack(masked.codes, code.bits), "owners": list(masked.shares), "shares": list(masked.shares.values())}
        )
    }
