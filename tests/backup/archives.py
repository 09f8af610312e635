"""Backups that somebody tampered with, of which everything but the tampering is right."""

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

from webapp.ops.backup.archive.layout import HEAD, MANIFEST, SUMS, Head
from webapp.ops.backup.archive.writer import Writer

Members = dict[str, bytes]


def members_of(file: Path) -> Members:
    with tarfile.open(file) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def rewritten(file: Path, target: Path, change: Callable[[Members], None]) -> Path:
    """The same with changed members, and digests that fit them."""
    members = members_of(file)
    change(members)
    with target.open("wb") as sink:
        writer = Writer(sink)
        for name, content in members.items():
            if name not in (SUMS, MANIFEST):
                writer.add(name, io.BytesIO(content), len(content))
        writer.finish(0)
    return target


def with_head(**changes: object) -> Callable[[Members], None]:
    def change(members: Members) -> None:
        members[HEAD] = json.dumps({**json.loads(members[HEAD]), **changes}).encode()

    return change


def with_rows(table: str, content: bytes, **facts: int) -> Callable[[Members], None]:
    """The table holds `content`, and the head says `facts` of it."""

    def change(members: Members) -> None:
        head = Head.model_validate_json(members[HEAD])
        tables = [row.model_copy(update=facts) if row.name == table else row for row in head.tables]
        members[HEAD] = head.model_copy(update={"tables": tables}).model_dump_json().encode()
        members[f"database/{table}.jsonl.gz"] = gzip.compress(content)

    return change


def with_file(name: str) -> Callable[[Members], None]:
    return lambda members: members.update({name: b"x"})


def with_entry(file: Path, target: Path, entry: tarfile.TarInfo) -> Path:
    """The head, and after it something that no backup has."""
    with tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive:
        head = members_of(file)[HEAD]
        first = tarfile.TarInfo(HEAD)
        first.size = len(head)
        archive.addfile(first, io.BytesIO(head))
        archive.addfile(entry)
    return target
