"""Resume state: a run after its last completed round, in one file that is replaced atomically."""

import json
import zipfile
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from federation.app.compression.downlink import CodedUpdate
from federation.app.errors import RunError
from federation.app.privacy import differential
from federation.app.server.rounds import RoundRunner

VERSION = 2
MOMENTS = ("m_t", "v_t")  # the state of FedAdam, by Flower's names

Arrays = dict[str, NDArray[np.generic]]


class Header(TypedDict, total=False):
    """Stored beside the arrays as JSON."""

    version: int
    round: int
    step: int
    exchange: int
    noise: list[float]
    heard: dict[str, int]
    sent: list[int]


def save(runner: RoundRunner, file: Path, number: int) -> None:
    """After round `number`."""
    header: Header = {
        "version": VERSION,
        "round": number,
        "step": runner.step,
        "exchange": runner.exchange_id,
        "noise": runner.accountant.multipliers,
        "heard": {str(client): last for client, last in runner.last_round.items()},
    }
    arrays: Arrays = {"model": runner.model}
    if runner.scales is not None:
        arrays["scales"] = runner.scales
    if runner.downlink is not None:
        header["sent"] = [update.round for update in runner.downlink.sent]
        arrays["held"] = runner.downlink.client_model
        for update in runner.downlink.sent:
            arrays[f"codes-{update.round}"] = np.frombuffer(update.codes, np.uint8)
            arrays[f"scales-{update.round}"] = update.scales
    for name in MOMENTS:
        for layer, value in (getattr(runner.strategy, name, None) or {}).items():
            arrays[f"{name}/{layer}"] = value
    _write(file, header, arrays)


def resume(runner: RoundRunner, file: Path) -> int:
    """The last round, or 0 where there is none. Raises RunError."""
    stored = _read(file)
    if stored is None:
        return 0
    header, arrays = stored
    if arrays["model"].shape != runner.model.shape:
        raise _damaged()
    runner.model, runner.step, runner.exchange_id = arrays["model"].astype(np.float32), header["step"], header["exchange"]
    if "scales" in arrays:
        runner.scales = arrays["scales"].astype(np.float32)
    runner.accountant = differential.Accountant(header["noise"])
    runner.last_round = {int(client): last for client, last in header["heard"].items()}
    if runner.downlink is not None:
        runner.downlink.client_model = arrays["held"].astype(np.float32)
        runner.downlink.sent = [
            CodedUpdate(number, arrays[f"codes-{number}"].tobytes(), arrays[f"scales-{number}"].astype(np.float32))
            for number in header["sent"]
        ]
    for name in MOMENTS:
        moments = {key.partition("/")[2]: value for key, value in arrays.items() if key.startswith(f"{name}/")}
        if moments:
            setattr(runner.strategy, name, moments)
    return header["round"]


def _write(file: Path, header: Header, arrays: Arrays) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.partial")
    words = np.frombuffer(json.dumps(header).encode(), np.uint8)
    try:
        with partial.open("wb") as opened:
            np.savez(opened, allow_pickle=False, words=words, **arrays)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)  # a full disk keeps no half file


def _read(file: Path) -> tuple[Header, Arrays] | None:
    """None where a run has not completed a round. Raises RunError."""
    try:
        with np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        header: Header = json.loads(arrays.pop("words").tobytes())
        if header["version"] == VERSION:
            return header, arrays
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged() from error
    raise _damaged()


def _damaged() -> RunError:
    return RunError("checkpoint", "The checkpoint of this run is damaged.", "Create a new run with the same settings.")
