"""The newest photo in a folder: `folder:/var/lib/shots`."""

from pathlib import Path

from devices.agent.cameras.source import MAX_BYTES, CameraError, check_size

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif", ".gif", ".bmp", ".tif", ".tiff"})


class Folder:
    kinds: tuple[str, ...] = ("folder",)

    def accepts(self, source: str) -> bool:
        return source.partition(":")[2].startswith("/")

    def frame(self, name: str, source: str) -> bytes:
        folder = Path(source.partition(":")[2])
        try:
            photos = [file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file()]
            newest = max(photos, key=lambda file: file.stat().st_mtime, default=None)
            if newest is None:
                raise CameraError(f"The folder of camera {name} holds no photo yet.")
            with newest.open("rb") as handle:
                data = handle.read(MAX_BYTES + 1)
        except OSError as error:
            raise CameraError(f"The folder of camera {name} cannot be read ({error.strerror}).") from None
        check_size(name, len(data))
        return data
