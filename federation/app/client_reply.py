"""The records of a client's reply to a train message."""

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord

from federation.app import data
from federation.app.client_state import ClientState
from federation.app.codes import Codes
from federation.app.compression import scales
from federation.app.compression.flat_parameters import Layout, Vector
from federation.app.compression.modular_quantiser import ErrorFeedback, ModularQuantiser, pack
from federation.app.train_config import MaskConfig, TrainConfig

Records = dict[str, ArrayRecord | ConfigRecord]
MOST_NAMED = 5  # folders in a report


def plain(layout: Layout, codes: Codes | None, start: Vector, update: Vector) -> Records:
    """The update as it travels without masks: whole arrays, or packed levels with their scales."""
    if codes is None:
        return {"arrays": ArrayRecord({name: Array(value) for name, value in layout.arrays(start + update).items()})}
    packed, own_scales = codes.up.encode(update, start)
    return {"update": ConfigRecord({"codes": packed, "scales": own_scales.tobytes()})}


def masked(
    config: TrainConfig, masks: MaskConfig, state: ClientState, quantiser: ModularQuantiser, update: Vector, examples: int
) -> Records:
    residual = state.vector("residual")
    feedback = ErrorFeedback.new(quantiser) if residual is None else ErrorFeedback(quantiser, residual)
    # Weighted before it is summed: afterwards nobody can tell the updates apart.
    weighted = update * np.float32(examples / config.reference if config.reference else 1.0)
    rows = quantiser.rows(config.round)
    own_scales = quantiser.scales((weighted + feedback.residual)[rows], rows)
    assert masks.scales is not None
    codes = feedback.encode(weighted, config.round, masks.scales)
    member, everything = state.member(), np.concatenate([codes, scales.encode_scales(own_scales)])
    roster = masks.roster or state.roster()
    state.check(roster)
    secret = member.mask(masks.exchange_id, everything, quantiser.bits, masks.client, roster)
    state.put_member(member)
    state.put_roster(roster)
    state.put_vector("residual", feedback.residual)
    packed = pack(secret.codes, quantiser.bits)
    return {"update": ConfigRecord({"codes": packed, "owners": list(secret.shares), "shares": list(secret.shares.values())})}


def left_out(part: data.Part) -> Records:
    """What of its photos this client did not train on; nothing where it trained on all."""
    if not part.examples.skipped and not part.foreign:
        return {}
    folders = sorted(part.foreign)[:MOST_NAMED]
    record = ConfigRecord({"unreadable": len(part.examples.skipped), "foreign": sum(part.foreign.values()), "folders": folders})
    return {"left-out": record}


def computing(note: str) -> Records:
    """Why this client's GPU did not compute this; nothing where it computed, or where there is none."""
    return {"computing": ConfigRecord({"note": note})} if note else {}
