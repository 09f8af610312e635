"""The arms of the federated bench: one training run each, which can be stopped at any time and goes on where it was."""

import json
import time
from collections.abc import Callable
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
CLIENTS = 10
# As many epochs as plain FedAvg, but an exchange after every second: one bit a value and epoch, where noise is a quarter of what
# two exchanges of half the bits would bring.
FEW = {"compression": "sketch", "bits": 2.0, "local_epochs": 2}
# A sum over ten clients needs four bits; of half of the values, that is two bits a value as well.
SUMMED = {**FEW, "bits": 4, "share": 0.5, "secure_aggregation": True}
HALF, SHORT = 1 / 2, 1 / 12  # of the rounds
FULL: dict[str, Any] = {"dataset": "cifar10", "model": "resnet-small", "rounds": 60, "batch_size": 32, "learning_rate": 0.05}
QUICK: dict[str, Any] = {"dataset": "digits", "model": "cnn-small", "rounds": 6, "batch_size": 16, "learning_rate": 0.05}
DEADLINE_S = 86_400.0  # the machine's speed is not what is measured


@dataclass(frozen=True)
class Arm:
    """`hostile`: the first three clients send nonsense; `lost`: so many vanish after a third of the rounds."""

    told: dict[str, Any] = field(default_factory=dict)
    hostile: bool = False
    lost: int = 0
    share_of_rounds: float = 1.0

    @property
    def local_epochs(self) -> int:
        return int(self.told.get("local_epochs", 1))


ARMS: dict[str, Arm] = {
    "iid-plain": Arm({"compression": "none"}),
    "iid-ours": Arm(FEW, share_of_rounds=HALF),
    "dirichlet-plain": Arm({"compression": "none", "partition": "dirichlet"}),
    "dirichlet-ours": Arm({**FEW, "partition": "dirichlet"}, share_of_rounds=HALF),
    # What is compared with each other has equally many rounds: their learning rates fall alike.
    "short": Arm(FEW, share_of_rounds=SHORT),
    "hostile3": Arm(FEW, hostile=True, share_of_rounds=SHORT),
    "dropout1": Arm(FEW, lost=1, share_of_rounds=SHORT),
    "dropout3": Arm(FEW, lost=3, share_of_rounds=SHORT),
    "dropout5": Arm(FEW, lost=5, share_of_rounds=SHORT),
    "secagg": Arm(SUMMED, share_of_rounds=SHORT),
}


def spec_of(arm: Arm, base: dict[str, Any]) -> RunSpec:
    """Half of the clients are quorum enough: five of ten may be lost."""
    rounds = max(2, round(base["rounds"] * arm.share_of_rounds))
    told = {**base, **arm.told, "rounds": rounds, "clients": CLIENTS, "quorum": CLIENTS // 2, "round_deadline_s": DEADLINE_S}
    return RunSpec(**told)


def spoiler(arm: Arm, spec: RunSpec) -> Tamper | None:
    """What happens to a reply on its way: nonsense instead of it, or nothing arrives."""

    values = cost.parameters(spec.model, spec.dataset)

    def spoil(request: Message, reply: Message) -> Message | None:
        client = request.metadata.dst_node_id
        if arm.hostile and client <= len(NONSENSE) and not reply.has_error() and "update" in reply.content:
            told = dict(reply.content.config_records["update"])
            reply.content["update"] = ConfigRecord({**told, **NONSENSE[client - 1](told, values)})
        late = 3 * int(request.metadata.group_id) > spec.rounds
        return None if late and client > CLIENTS - arm.lost else reply

    return spoil if arm.hostile or arm.lost else None


def _scaled(told: dict[str, Any], factor: float) -> dict[str, Any]:
    return {"scales": (np.frombuffer(told["scales"], np.float32) * np.float32(factor)).tobytes()}


def _flipped(told: dict[str, Any], values: int) -> dict[str, Any]:
    return {"codes": entropy.pack(-entropy.unpack(told["codes"], values))}


NONSENSE: list[Callable[[dict[str, Any], int], dict[str, Any]]] = [
    lambda told, values: _scaled(told, float("nan")),
    lambda told, values: _scaled(told, 1e6),
    _flipped,
]


def run(name: str, base: dict[str, Any], place: Path, told: Callable[[Row], None] = lambda row: None) -> list[Row]:
    """Every round as a row; those that are in `place` are not run again."""
    arm = ARMS[name]
    spec = spec_of(arm, base)
    place.mkdir(parents=True, exist_ok=True)
    log, checkpoint = place / "rounds.jsonl", place / "checkpoint"
    rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() and checkpoint.exists() else []
    write(log, rows)
    if len(rows) == spec.rounds:
        return rows
    clock = [time.process_time()]

    def keep(report: RoundReport) -> None:
        used = time.process_time() - clock[0]
        row = row_of(report, used)
        # A round is told of before its checkpoint is kept: a run that was killed between the two repeats it.
        rows[:] = [*(one for one in rows if one["round"] < report.round), row]
        write(log, rows)
        told(row)
        clock[0] = time.process_time()

    grid = ThreadGrid(client_app, CLIENTS, tamper=spoiler(arm, spec), folder=place / "clients")
    try:
        server_app.start(grid, spec.settings(), keep, checkpoint)
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
        "beside_training_s": max(0.0, used - sum(one.compute_s for one in report.clients)),
        "left_out": {str(one.partition): one.state for one in report.clients if one.state != "ok"},
        "why_not_counted": report.why_not_counted,
    }
