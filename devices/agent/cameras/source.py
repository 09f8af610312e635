"""What every kind of camera source has in common: whether a description is one of its kind, and one frame from it."""

from typing import Protocol, runtime_checkable

from devices.contract.results import FolderFile, FolderPage

MAX_BYTES = 32 * 1024 * 1024
TIMEOUT_S = 8.0  # for one frame, from any source


class CameraError(Exception):
    """No frame; one sentence says why. It never holds the source, which may hold a password."""


class FileRefused(CameraError):
    """A file of a folder that cannot be had; `code` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Source(Protocol):
    kinds: tuple[str, ...]  # what stands before the first colon

    def accepts(self, source: str) -> bool:
        """Whether the rest of a source of one of these kinds is valid."""


@runtime_checkable
class Still(Source, Protocol):
    """Gives one picture at a time, and costs nothing in between."""

    def frame(self, name: str, source: str) -> bytes:
        """A photo's file as the camera `name` gives it, not decoded. Raises CameraError."""


@runtime_checkable
class HoldsPhotos(Source, Protocol):
    """Has more than one picture at a time."""

    def page(self, name: str, source: str, after: FolderFile | None, since: float | None, until: float | None) -> FolderPage:
        """A part of its photos, as devices.contract.folder_jobs.ListFolder has it. Raises CameraError."""

    def photo(self, name: str, source: str, file: FolderFile) -> bytes:
        """One of them, not decoded. Raises FileRefused."""


class Stream(Protocol):
    """An open camera. One thread uses it."""

    def advance(self) -> None:
        """Wait for the camera's next frame, and drop the one before. Raises CameraError."""

    def picture(self) -> bytes:
        """The present frame as a photo's file. Raises CameraError."""

    def close(self) -> None:
        """No other program can use the camera before this."""


@runtime_checkable
class Streaming(Source, Protocol):
    """Takes long to open, and then gives frames by itself."""

    def open(self, name: str, source: str) -> Stream:
        """Ready for a picture that is worth looking at. Raises CameraError."""


def check_size(name: str, size: int) -> None:
    if size > MAX_BYTES:
        raise CameraError(f"The picture of camera {name} is larger than {MAX_BYTES // 1024 // 1024} MB.")
