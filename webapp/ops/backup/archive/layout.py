"""What is in a backup: a tar file, whose first member describes the rest and whose last one proves that it is whole.

isthmus-backup.json          Head
database/<model>.jsonl.gz    a JSON list for each row, in the order of the table's `fields`
photos/… secrets/… …         files of the data folder, as they are
SHA256SUMS                   of every member before, as `sha256sum --check` reads it
manifest.json                Manifest
"""

import re
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, Field

FORMAT = 1  # raised when an earlier version could not read the file
HEAD, SUMS, MANIFEST = "isthmus-backup.json", "SHA256SUMS", "manifest.json"
DATABASE = "database"
MOST_JSON = 16 << 20  # bytes of the head and of the manifest
MOST_LINE = 64 << 20  # bytes of one row
MOST_MISSING = 1000  # names in the manifest
DEEPEST = 16
# No control characters, no backslash: a name is one line of SHA256SUMS and one path on every system.
_COMPONENT = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}")


@dataclass(frozen=True)
class Part:
    """A folder of the data folder. What is not listed can be made again: exported models, caches, the agent's wheel, Redis."""

    name: str
    label: str
    exclusive: bool = True  # whether it must be empty before a restore; secrets are made by any command that starts


PARTS = (
    Part("photos", "photos"),
    Part("secrets", "secrets", exclusive=False),
    Part("federated", "models of training runs"),
    Part("nodes", "homes of the nodes on the server's machine"),
)
PHOTOS = PARTS[0].name
BY_NAME = {part.name: part for part in PARTS}


class Table(BaseModel):
    name: str = Field(max_length=100, pattern=r"^[a-z_]+\.[a-z_0-9]+$")
    fields: list[str] = Field(max_length=200)
    rows: int = Field(ge=0)
    bytes: int = Field(ge=0)  # before compression

    @property
    def member(self) -> str:
        return f"{DATABASE}/{self.name}.jsonl.gz"


class Bundle(BaseModel):
    """Exported models that the installation had. They are exported again, not carried."""

    profile: str
    digest: str
    bytes: int


class Head(BaseModel):
    format: int
    product: str
    made: datetime
    database: str  # PostgreSQL or SQLite, which a restore need not use
    migrations: list[tuple[str, str]]  # that made the tables
    tables: list[Table]
    parts: list[str]
    bytes: int = Field(ge=0)  # of the files, about
    elsewhere: list[str] = []  # secrets that came from the environment, so that they are not in the file
    bundles: list[Bundle] = []


class Manifest(BaseModel):
    members: int = Field(ge=0)
    bytes: int = Field(ge=0)
    sums: str = Field(pattern=r"^[0-9a-f]{64}$")  # SHA-256 of SHA256SUMS
    photos: int = Field(default=0, ge=0)
    # Files that the database names and that were not there, up to MOST_MISSING of them.
    missing: list[str] = []
    missing_count: int = 0


def is_safe(name: str) -> bool:
    """Whether a member may be a path below the data folder."""
    parts = name.split("/")
    return len(parts) <= DEEPEST and all(part not in (".", "..") and _COMPONENT.fullmatch(part) for part in parts)
