"""A kind of data that grows: what it is called, and how long it stays."""

from dataclasses import dataclass
from datetime import timedelta

from webapp.ops.retention.contents import Content

PIECE = 500  # rows deleted in one transaction
FEW = 20  # of those that take longer each


@dataclass(frozen=True)
class Kind:
    """`days`: the default, None for ever; `setting`: a setting that holds it instead. `fixed`: not a matter of taste, so nobody
    can change it. `piece`: how many are deleted at once."""

    name: str
    label: str
    holds: str
    content: Content
    days: int | None = None
    setting: str = ""
    fixed: timedelta | None = None
    piece: int = PIECE
