"""Reads a backup from start to end and trusts nothing in it: order, names, kinds, sizes and digests are checked on the way."""

import gzip
import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self, TypeVar

from django.db import models
from pydantic import BaseModel, ValidationError

from webapp.ops.backup.archive import rows, sealing
from webapp.ops.backup.archive.layout import (
    BY_NAME,
    FORMAT,
    HEAD,
    MANIFEST,
    MOST_JSON,
    MOST_LINE,
    SUMS,
    Head,
    Manifest,
    Table,
    is_safe,
)
from webapp.ops.backup.errors import BackupError

MOST_NAME = 8192  # bytes of a long name
SUM_CHARS = 66  # of a digest and two spaces
MALFORMED = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)
BLOCK = 1 << 20
Description = TypeVar("Description", bound=BaseModel)


@dataclass(frozen=True)
class Member:
    name: str
    bytes: int
    mode: int
    changed: float
    content: "Content"


class Reader:
    """`members` has to be read to its end: only then is the file known to be whole, and `manifest` there."""

    def __init__(self, name: str, stream: IO[bytes]) -> None:
        self.name = name
        self.manifest: Manifest | None = None
        self._tar = tarfile.open(fileobj=stream, mode="r|", tarinfo=_PlainMember)  # noqa: SIM115  reads a stream of the caller
        self._sums: list[str] = []
        self._files, self._folders = set[str](), set[str]()
        first = self._next()
        if first is None or first.name != HEAD:
            raise BackupError(f"{name} is no backup of Isthmus.")
        self.head = self._head(self._take(first, MOST_JSON))

    def members(self) -> Iterator[Member]:
        """Tables and files. What the caller leaves of a member's content is read past."""
        tables = iter(table.member for table in self.head.tables)
        expected = next(tables, None)
        while (member := self._next()) is not None and member.name != SUMS:
            if expected is not None:
                self._require(member.name == expected, f"{expected} should be here, not {member.name[:100]!r}")
                expected = next(tables, None)
            else:
                self._check_file(member.name)
            content = self._content(member)
            yield Member(member.name, member.size, member.mode, member.mtime, content)
            while content.read(BLOCK):
                pass
            self._sums.append(f"{content.digest.hexdigest()}  {member.name}\n")
        self._require(member is not None and expected is None, "it ends too early")
        self._finish(self._required(member))

    def _finish(self, sums: tarfile.TarInfo) -> None:
        own = "".join(self._sums).encode()
        text = self._take(sums, len(own))
        self._require(text == own, "a file in it is not what was written")
        last = self._required(self._next())
        self._require(last.name == MANIFEST, "it ends too early")
        manifest = self._parse(Manifest, self._take(last, MOST_JSON))
        self._require(
            manifest.sums == hashlib.sha256(own).hexdigest() and manifest.members == len(self._sums),
            "its last member does not fit the others",
        )
        self._require(self._next() is None, "something follows its last member")
        self.manifest = manifest

    def _check_file(self, name: str) -> None:
        folder, *rest = name.split("/")
        if not is_safe(name) or not rest or folder not in BY_NAME or folder not in self.head.parts:
            raise BackupError(f"{self.name} is refused: {name[:100]!r} in it is no file that a backup has.")
        parents = {"/".join([folder, *rest[:depth]]) for depth in range(len(rest))}
        is_new = name not in self._files and name not in self._folders and not parents & self._files
        self._require(is_new, f"{name[:100]!r} is in it twice")
        self._files.add(name)
        self._folders |= parents

    def _head(self, text: bytes) -> Head:
        try:
            values = json.loads(text)
            version = int(values["format"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise self._damaged("its description cannot be read") from None
        if version > FORMAT:
            raise BackupError(
                f"{self.name} has format {version}; this version reads up to {FORMAT}. Install Isthmus "
                f"{str(values.get('product', 'in the version'))[:40]} that made it, or a newer one."
            )
        self._sums.append(f"{hashlib.sha256(text).hexdigest()}  {HEAD}\n")
        return self._parse(Head, text)

    def _parse(self, kind: type[Description], text: bytes) -> Description:
        try:
            return kind.model_validate_json(text)
        except ValidationError as error:
            raise self._damaged(f"its description is wrong: {error.errors()[0]['msg']}") from error

    def _take(self, member: tarfile.TarInfo, most: int) -> bytes:
        self._require(member.size <= most, f"{member.name} is too large")
        return self._content(member).read()

    def _content(self, member: tarfile.TarInfo) -> "Content":
        file = self._tar.extractfile(member)
        assert file is not None  # _PlainMember lets nothing but files through
        return Content(file)

    def _next(self) -> tarfile.TarInfo | None:
        self._tar.members = []  # type: ignore[attr-defined]  # tarfile keeps every header otherwise
        return self._tar.next()

    def _required(self, member: tarfile.TarInfo | None) -> tarfile.TarInfo:
        if member is None:
            raise self._damaged("it ends too early")
        return member

    def _require(self, holds: bool, what: str) -> None:
        if not holds:
            raise self._damaged(what)

    def _damaged(self, what: str) -> BackupError:
        return damaged(self.name, what)


class Content(io.RawIOBase):
    """The bytes of a member, and their digest as far as they were read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


class _PlainMember(tarfile.TarInfo):
    """Files and their long names. Links, devices, and headers of any size that tarfile would read into memory are refused."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        member = super().frombuf(buf, encoding, errors)
        long_name = member.type == tarfile.GNUTYPE_LONGNAME and member.size <= MOST_NAME
        if not long_name and member.type != tarfile.REGTYPE:
            raise BackupError(f"The backup is refused: {member.name[:100]!r} in it is no plain file.")
        return member


def damaged(name: str, what: object) -> BackupError:
    return BackupError(
        f"{name} is damaged or cut off ({what}). Nothing was changed; use another backup, or copy this one again."
    )


@contextmanager
def reading(path: Path, keys: list[Any]) -> Iterator[Reader]:
    """Raises BackupError for everything that is wrong with the file."""
    try:
        with sealing.opened(path, keys) as stream, _explaining(path.name):
            yield Reader(path.name, stream)
    except FileNotFoundError as error:
        if error.filename != str(path):
            raise
        raise BackupError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise BackupError(f"{path} is a folder; name the file of the backup.") from None


@contextmanager
def _explaining(name: str) -> Iterator[None]:
    try:
        yield
    except tarfile.ReadError as error:
        if str(error) in ("invalid header", "bad checksum", "truncated header", "empty file"):  # of the first member
            raise BackupError(f"{name} is no backup of Isthmus, or its start is damaged.") from error
        raise damaged(name, error) from error
    except MALFORMED as error:
        raise damaged(name, error) from error


def table_rows(name: str, table: Table, content: Content, fields: Sequence[models.Field]) -> Iterator[list[Any]]:
    """What a table's member holds, and not a byte more than the head said. `name`: of the backup."""
    count = length = 0
    with gzip.GzipFile(fileobj=content, mode="rb") as packed:
        while line := packed.readline(MOST_LINE + 1):
            count, length = count + 1, length + len(line)
            if len(line) > MOST_LINE or length > table.bytes or count > table.rows:
                raise damaged(name, f"{table.name} has more in it than it says")
            try:
                yield rows.decode(line, fields)
            except ValueError as error:
                raise damaged(name, f"row {count} of {table.name}: {str(error)[:200]}") from error
    if (count, length) != (table.rows, table.bytes):
        raise damaged(name, f"{table.name} has {count} rows of {table.rows}")
