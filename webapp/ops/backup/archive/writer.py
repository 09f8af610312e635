"""Writes the members of a backup, one after the other, and their digests at the end."""

import hashlib
import io
import tarfile
import time
from typing import IO

from pydantic import BaseModel

from webapp.ops.backup.archive.layout import MANIFEST, MOST_MISSING, SUMS, Manifest

PRIVATE = 0o600


class Writer:
    def __init__(self, sink: IO[bytes]) -> None:
        # GNU's format: long names and sizes above 8 GB, and no headers that a reader would have to hold in memory.
        self._tar = tarfile.open(fileobj=sink, mode="w|", format=tarfile.GNU_FORMAT)  # noqa: SIM115  closed by `finish`
        self._sums: list[str] = []
        self._missing: list[str] = []
        self.bytes = self._missing_count = 0

    def add(self, name: str, content: IO[bytes], size: int, mode: int = PRIVATE, changed: float | None = None) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode, member.mtime = size, mode, int(time.time() if changed is None else changed)
        source = _Digesting(content)
        self._tar.addfile(member, source)
        self._sums.append(f"{source.digest.hexdigest()}  {name}\n")
        self.bytes += size

    def add_model(self, name: str, value: BaseModel) -> None:
        text = value.model_dump_json(indent=1).encode()
        self.add(name, io.BytesIO(text), len(text))

    def miss(self, name: str) -> None:
        """A file that should be here and is not."""
        self._missing_count += 1
        if len(self._missing) < MOST_MISSING:
            self._missing.append(name)

    def finish(self, photos: int) -> Manifest:
        members, total = len(self._sums), self.bytes
        sums = "".join(self._sums).encode()
        self.add(SUMS, io.BytesIO(sums), len(sums))
        digest = hashlib.sha256(sums).hexdigest()
        manifest = Manifest(
            members=members,
            bytes=total,
            sums=digest,
            photos=photos,
            missing=self._missing,
            missing_count=self._missing_count,
        )
        self.add_model(MANIFEST, manifest)
        self._tar.close()
        return manifest


class _Digesting(io.RawIOBase):
    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data
