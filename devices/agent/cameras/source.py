"""What every kind of camera source has in common: whether a description is one of its kind, and one frame from it."""

from typing import Protocol

MAX_BYTES = 32 * 1024 * 1024
TIMEOUT_S = 8.0  # for one frame, from any source


class CameraError(Exception):
    """No frame; one sentence says why. It never holds the source, which may hold a password."""


class Source(Protocol):
    kinds: tuple[str, ...]  # what stands before the first colon

    def accepts(self, source: str) -> bool:
        """Whether the rest of a source of one of these kinds is valid."""

    def frame(self, name: str, source: str) -> bytes:
        """A photo's file as the camera `name` gives it, not decoded. Raises CameraError."""


def check_size(name: str, size: int) -> None:
    if size > MAX_BYTES:
        raise CameraError(f"The picture of camera {name} is larger than {MAX_BYTES // 1024 // 1024} MB.")
