"""The arms of the federated bench: one training run each, which can be stopped at any time and resumed."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from flwr.app import ConfigRecord, Message

from federation.app import server_app
from federation.app.client_app import app as client_app
from federation.app.compression import entropy
from federation.app.reports import RoundReport
from federation.app.threads import Tamper, ThreadGrid
from federation.runs import cost
from federation.runs.spec import RunSpec

Row = dict[str, Any]
Update = dict[str, Any]  # a config record of Flower: codes and scales as bytes
CLIENTS = 10
# The epochs of plain FedAvg with an exchange after every second one: one bit per value and epoch, at a quarter of the noise
# that two exchanges of half the bits would add.
SKETCHED: dict[str, str | float] = {"compression": "sketch", "bits": 2.0, "local_epochs": 2}
# The sum over ten clients needs four bits; for half of the values that is two bits per value as well.
MASKED: dict[str, str | float] = {**SKETCHED, "bits": 4, "share": 0.5, "secure_aggregation": True}
HALF, SHORT = 1 / 2, 1 / 12  # of the rounds
FULL: dict[str, Any] = {"dataset": "cifar10", "model": "resnet-small", "rounds": 60, "batch_size": 32, "learning_rate": 0.05}
QUICK: dict[str, Any] = {"dataset": "digits", "model": "cnn-small", "rounds": 6, "batch_size": 16, "learning_rate": 0.05}
DEADLINE_S = 86_400.0  # no timeouts: the bench does not measure this machine's speed


@dataclass(frozen=True)
class Arm:
    """`settings` override those of the base run. `malicious`: the first three clients send invalid updates. `lost`: number of
    clients that vanish after a third of the rounds."""

    settings: Mapping[str, str | float] = field(default_factory=dict)
    malicious: bool = False
    lost: int = 0
    share_of_rounds: float = 1.0

    @property
    def local_epochs(self) -> int:
        return int(self.settings.get("local_epochs", 1))


ARMS: dict[str, Arm] = {
    "iid-plain": Arm({"compression": "none"}),
    "iid-ours": Arm(SKETCHED, share_of_rounds=HALF),
    "dirichlet-plain": Arm({"compression": "none", "partition": "dirichlet"}),
    "dirichlet-ours": Arm({**SKETCHED, "partition": "dirichlet"}, share_of_rounds=HALF),
    # Arms that are compared have the same number of rounds, so that their learning rates decay alike.
    "short": Arm(SKETCHED, share_of_rounds=SHORT),
    "hostile3": Arm(SKETCHED, malicious=True, share_of_rounds=SHORT),
    "dropout1": Arm(SKETCHED, lost=1, share_of_rounds=SHORT),
    "dropout3": Arm(SKETCHED, lost=3, share_of_rounds=SHORT),
    "dropout5": Arm(SKETCHED, lost=5, share_of_rounds=SHORT),
    "secagg": Arm(MASKED, share_of_rounds=SHORT),
}


def spec_of(arm: Arm, base: dict[str, Any]) -> RunSpec:
    """Half of the clients are a quorum: five of ten may be lost."""
    rounds = max(2, round(base["rounds"] * arm.share_of_rounds))
    settings = {
        **base,
        **arm.settings,
        "rounds": rounds,
        "clients": CLIENTS,
        "quorum": CLIENTS // 2,
        "round_deadline_s": DEADLINE_S,
        "grace_s": DEADLINE_S,
    }
    return RunSpec(**settings)


def spoiler(arm: Arm, spec: RunSpec) -> Tamper | None:
    """Tampers with replies on their way: replaces the update, or drops the message (None)."""
    values = cost.parameters(spec.model, spec.dataset)

    def spoil(request: Message, reply: Message) -> Message | None:
        client = request.metadata.dst_node_id
        if arm.malicious and client <= len(ATTACKS) and not reply.has_error() and "update" in reply.content:
            update = dict(reply.content.config_records["update"])
            reply.content["update"] = ConfigRecord({**update, **ATTACKS[client - 1](update, values)})
        late = 3 * int(request.metadata.group_id) > spec.rounds
        return None if late and client > CLIENTS - arm.lost else reply

    return spoil if arm.malicious or arm.lost else None


def _scaled(update: Update, factor: float) -> Update:
    return {"scales": (np.frombuffer(update["scales"], np.float32) * np.float32(factor)).tobytes()}


def _negated(update: Update, values: int) -> Update:
    return {"codes": entropy.pack(-entropy.unpack(update["codes"], values))}


ATTACKS: list[Callable[[Update, int], Update]] = [
    lambda update, values: _scaled(update, float("nan")),
    lambda update, values: _scaled(update, 1e6),
    _negated,
]


def run(name: str, base: dict[str, Any], place: Path, on_round: Callable[[Row], None] = lambda row: None) -> list[Row]:
    """One row per round. Rounds stored in `place` do not run again."""
    arm = ARMS[name]
    spec = spec_of(arm, base)
    place.mkdir(parents=True, exist_ok=True)
    log, checkpoint = place / "rounds.jsonl", place / "checkpoint"
    rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() and checkpoint.exists() else []
    write(log, rows)
    if len(rows) == spec.rounds:
        return rows
    clock = [time.process_time()]

    def record(report: RoundReport) -> None:
        used = time.process_time() - clock[0]
        row = row_of(report, used)
        # Rounds are reported before their checkpoint is stored: a run killed between the two repeats the round.
        rows[:] = [*(earlier for earlier in rows if earlier["round"] < report.round), row]
        write(log, rows)
        on_round(row)
        clock[0] = time.process_time()

    grid = ThreadGrid(client_app, CLIENTS, tamper=spoiler(arm, spec), folder=place / "clients")
    try:
        server_app.start(grid, spec.settings(), record, checkpoint)
    finally:
        grid.close()
    return rows


def write(log: Path, rows: list[Row]) -> None:
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))


def row_of(report: RoundReport, used: float) -> Row:
    return {
        "round": report.round,
        "accuracy": report.accuracy,
        "loss": report.loss,
        "bytes_up": report.bytes_up,
        "bytes_down": report.bytes_down,
        "link_s": report.seconds["uplink"] + report.seconds["downlink"],
        "cpu_s": used,
        "beside_training_s": max(0.0, used - sum(client.compute_s for client in report.clients)),
        "left_out": {str(client.partition): client.state for client in report.clients if client.state != "ok"},
        "why_not_counted": report.why_not_counted,
    }
