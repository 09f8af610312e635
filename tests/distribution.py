"""How parallel test processes share the work: file by file, but files that need the whole stack go to the process that has one.

The stack takes a minute of processor time to start, and two of them are as many as two cores bear.
"""

import re
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).resolve().parents[1]
NEEDS_STACK = re.compile(r"\b(Stack|Tab)\b")  # the types of the fixtures
FIRST, SECOND = "the stack of browsers and training", "the stack of answers and faults"
SHARES = {"browser": FIRST, "federation": FIRST}  # of about equal length


@cache
def stack_of(file: Path) -> str | None:
    """Which stack the tests of a file share; None for a file that needs none."""
    if not NEEDS_STACK.search(file.read_text()):
        return None
    return SHARES.get(file.relative_to(ROOT / "tests").parts[0], SECOND)


class ByStack(LoadFileScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return stack_of(ROOT / nodeid.partition("::")[0]) or super()._split_scope(nodeid)
