"""A run after its last completed round, in one file that is replaced whole."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from federation.app.compression.downlink import Coded
from federation.app.errors import RunError
from federation.app.privacy import differential
from federation.app.rounds import RoundRunner

VERSION = 2
MOMENTS = ("m_t", "v_t")  # what FedAdam remembers, by Flower's names


def save(runner: RoundRunner, file: Path, number: int) -> None:
    """After round `number`."""
    words = {
        "round": number,
        "step": runner.step,
        "exchange": runner.exchange_id,
        "noise": runner.accountant.multipliers,
        "heard": {str(client): last for client, last in runner.heard.items()},
    }
    arrays = {"model": runner.model}
    if runner.scales is not None:
        arrays["scales"] = runner.scales
    if runner.downlink is not None:
        words["sent"] = [one.round for one in runner.downlink.sent]
        arrays["held"] = runner.downlink.held
        for one in runner.downlink.sent:
            arrays |= {f"codes-{one.round}": np.frombuffer(one.codes, np.uint8), f"scales-{one.round}": one.scales}
    for name in MOMENTS:
        for layer, value in (getattr(runner.strategy, name, None) or {}).items():
            arrays[f"{name}/{layer}"] = value
    _write(file, words, arrays)


def resume(runner: RoundRunner, file: Path) -> int:
    """The last round, or 0 where there is none. Raises RunError."""
    found = _read(file)
    if found is None:
        return 0
    words, arrays = found
    if arrays["model"].shape != runner.model.shape:
        raise _damaged()
    runner.model, runner.step, runner.exchange_id = arrays["model"], words["step"], words["exchange"]
    runner.scales = arrays.get("scales", runner.scales)
    runner.accountant = differential.Accountant(words["noise"])
    runner.heard = {int(client): last for client, last in words["heard"].items()}
    if runner.downlink is not None:
        runner.downlink.held = arrays["held"]
        runner.downlink.sent = [
            Coded(number, arrays[f"codes-{number}"].tobytes(), arrays[f"scales-{number}"]) for number in words["sent"]
        ]
    for name in MOMENTS:
        kept = {key.partition("/")[2]: value for key, value in arrays.items() if key.startswith(f"{name}/")}
        if kept:
            setattr(runner.strategy, name, kept)
    return int(words["round"])


def _write(file: Path, words: dict[str, Any], arrays: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.partial")
    told = json.dumps({**words, "version": VERSION}).encode()
    with partial.open("wb") as opened:
        np.savez(opened, words=np.frombuffer(told, np.uint8), **arrays)
    partial.replace(file)


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Words and arrays, or None where a run has not completed a round. Raises RunError."""
    try:
        with np.load(file, allow_pickle=False) as held:
            arrays = {name: held[name] for name in held.files}
        words = json.loads(arrays.pop("words").tobytes())
        if words["version"] == VERSION:
            return words, arrays
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged() from error
    raise _damaged()


def _damaged() -> RunError:
    return RunError("checkpoint", "The checkpoint of this run is damaged.", "Make a new run with the same specification.")
