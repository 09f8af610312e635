"""Download the `paper` models from the hub into its local cache: resumable, verified against their pins. No torch here.

Only safetensors are left on this machine at the end; a model that is published as a checkpoint of torch is converted.
"""

import errno
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from inference.engine import catalogue
from inference.engine.hub import convert as convert_module
from inference.engine.hub import pins, snapshot
from inference.engine.hub.pins import WEIGHTS, Pin, PinsError

if TYPE_CHECKING:
    from inference.engine.hub.download import RemoteFile

# One copy of the weights, not one for each framework.
PATTERNS = ("*.json", "*.txt", WEIGHTS)
SPARE_BYTES = 300_000_000  # of the disk, left to everything else
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
REMEDY = (
    "Connect this machine to the internet, name a proxy in HTTPS_PROXY or a mirror in HF_ENDPOINT, and start it again; or put "
    "the folders {folders} in one folder and name it in ISTHMUS_MODELS."
)


class FetchFailed(Exception):
    """One sentence with the remedy. What has arrived stays, and the next fetch resumes."""


@dataclass
class Progress:
    """Bytes that have arrived, of all that are needed, and what is being done."""

    done: int = 0
    total: int = 0
    what: str = ""
    changed: Callable[["Progress"], None] = field(default=lambda progress: None, repr=False)

    def advance(self, size: int) -> None:
        self.done = max(0, self.done + size)
        self.changed(self)

    def doing(self, what: str) -> None:
        self.what = what
        self.changed(self)


def required_bytes() -> int:
    """What a fetch of everything downloads, as far as it is known without the hub: the weights."""
    return sum(pin.bytes for pin in _pins().values())


def fetch(progress: Progress) -> None:
    """Raises FetchFailed. Complete files are not downloaded again; a partial file is resumed."""
    try:
        wanted = {task: pin for task, pin in _pins().items() if not snapshot.is_complete(pin)}
    except PinsError as error:
        raise FetchFailed(str(error)) from None
    files: dict[str, list[RemoteFile]] = {}
    for task, pin in wanted.items():
        with _as_sentences(pin, progress):
            progress.doing(f"asking the hub for {pin.repository}")
            files[task] = _listed(pin)
    remote = [file for listed in files.values() for file in listed]
    progress.done, progress.total = sum(file.arrived for file in remote), sum(file.bytes for file in remote)
    _check_disk(list(wanted.values()), progress.total - progress.done)
    for task, listed in files.items():
        with _as_sentences(wanted[task], progress):
            _fetch(task, wanted[task], listed, progress)


def _pins() -> dict[str, Pin]:
    profile = catalogue.profile("paper")
    return {task: pins.of(profile.models[task]) for task in profile.on_towers}


def _listed(pin: Pin) -> "list[RemoteFile]":
    """The files to fetch, small ones first: a model whose configuration is missing fails before its gigabyte arrives."""
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile
    from huggingface_hub.utils import filter_repo_objects  # type: ignore[attr-defined]  # documented there

    from inference.engine.hub.download import RemoteFile, WrongContent

    tree = [file for file in HfApi().list_repo_tree(pin.repository, revision=pin.revision) if isinstance(file, RepoFile)]
    names = set(filter_repo_objects((file.path for file in tree), allow_patterns=[*PATTERNS, pin.weights]))
    chosen = [file for file in tree if file.path in names and (file.path == pin.weights or file.path != WEIGHTS)]
    if pin.weights not in {file.path for file in chosen}:
        raise WrongContent(f"the hub has no {pin.weights} there")
    return sorted((RemoteFile.of(pin, file) for file in chosen), key=lambda file: file.bytes)


def _fetch(task: str, pin: Pin, files: "list[RemoteFile]", progress: Progress) -> None:
    from inference.engine.hub import download

    place = snapshot.folder(pin)
    for file in files:
        progress.doing(f"{task}: {pin.repository}")
        download.fetch(file, progress.advance)
    names = [file.name for file in files if file.name != pin.weights] + [WEIGHTS]
    if pin.is_converted:
        progress.doing(f"{task}: converting to safetensors")
        _convert(place / pin.weights, place / WEIGHTS)
    progress.doing(f"{task}: verifying")
    snapshot.write(place, pin, names)
    if pin.is_converted:
        checkpoint = place / pin.weights
        checkpoint.resolve().unlink(missing_ok=True)
        checkpoint.unlink(missing_ok=True)


def _convert(checkpoint: Path, target: Path) -> None:
    """In a process of its own, whose memory goes back: a gigabyte, and torch."""
    done = subprocess.run(
        [sys.executable, "-m", convert_module.__name__, str(checkpoint), str(target)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["it was ended"]
        raise FetchFailed(
            f"{checkpoint.name} cannot be converted to safetensors ({last[0]}); free some memory, and start it again."
        )


def _check_disk(wanted: list[Pin], missing: int) -> None:
    from huggingface_hub import constants

    needed = missing + sum(pin.bytes for pin in wanted if pin.is_converted) + SPARE_BYTES
    cache = Path(constants.HF_HUB_CACHE)
    there = next(place for place in (cache, *cache.parents) if place.exists())
    free = shutil.disk_usage(there).free
    if wanted and free < needed:
        raise FetchFailed(
            f"The large models need {needed / 1e9:.1f} GB more on the disk of {cache}, where {free / 1e9:.1f} GB are free; "
            "make room there, or name another folder in HF_HOME."
        )


@contextmanager
def _as_sentences(pin: Pin, progress: Progress) -> Iterator[None]:
    import httpx
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    from inference.engine.hub.download import AlreadyFetching, WrongContent

    name, place = pin.repository, f"{progress.done / 1e6:.0f} of {progress.total / 1e6:.0f} MB"
    try:
        yield
    except (OfflineModeIsEnabled, LocalEntryNotFoundError, httpx.TransportError, ConnectionError, TimeoutError):
        raise FetchFailed(_unreachable(name, progress)) from None
    except WrongContent as error:
        raise FetchFailed(
            f"{name} was refused: {error}. Nothing of it is used; start it again, and check HF_ENDPOINT and the proxy if it "
            "stays so."
        ) from None
    except AlreadyFetching:
        raise FetchFailed(f"{name} is being fetched by another process of this machine; wait for it.") from None
    except HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "with an error"
        raise FetchFailed(
            f"The model hub answered {status} for {name} at revision {pin.revision[:12]}; check HF_ENDPOINT, "
            "or try again later."
        ) from None
    except OSError as error:
        if error.errno in NO_SPACE:
            raise FetchFailed(f"The disk is full at {place}; make room and start it again.") from None
        raise FetchFailed(f"{name} could not be stored ({error}); start it again.") from None


def _unreachable(name: str, progress: Progress) -> str:
    *others, last = catalogue.profile("paper").on_towers
    folders = f"{', '.join(others)} and {last}"
    if progress.total and progress.done:
        return (
            f"The connection to the model hub was lost after {progress.done / 1e6:.0f} of {progress.total / 1e6:.0f} MB; start "
            "it again when this machine is online, and it resumes there."
        )
    return f"The model hub cannot be reached for {name}. {REMEDY.format(folders=folders)}"
