"""The last lines of this agent's log, in memory, for an administrator who asks for them. Secrets are left out."""

import json
import logging
import re
import threading
import time
from collections import deque

from devices.agent.server import Refused, Server, Unreachable
from devices.contract.heartbeat import RecentLog
from devices.contract.protocol import MAX_LOG

LINE_CHARS = 2000
HIDDEN = "[hidden]"
# What looks like a secret, wherever it comes from: passwords in addresses, tokens, codes, values after a telling name.
NAMED = r"""(?i)([\w-]*(?:password|passwd|secret|token|api[_-]?key)["']?\s*[=:]\s*|--code[\s=]+)["']?[^\s"',;}&]+"""
PATTERNS = (
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]*(?=@)"), HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"\bisthmus_[\w-]{8,}"), HIDDEN),
    (re.compile(NAMED), rf"\1{HIDDEN}"),
)
log = logging.getLogger(__name__)


class Ring(logging.Handler):
    """Holds lines of at most `most_bytes` in all; older ones go."""

    def __init__(self, most_bytes: int = MAX_LOG) -> None:
        super().__init__()
        self.most_bytes = most_bytes
        self._lines: deque[str] = deque()
        self._bytes = 0
        self._secrets: set[str] = set()
        self._guard = threading.Lock()
        formatter = logging.Formatter("%(asctime)s %(levelname).1s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def conceal(self, *secrets: str) -> None:
        """Values that no line may show, in whatever form they are logged."""
        self._secrets |= {secret for secret in secrets if len(secret) >= 4}

    def emit(self, record: logging.LogRecord) -> None:
        try:
            lines = self.format(record).splitlines()
        except (TypeError, ValueError):  # a message whose values do not fit it: logging itself reports that
            return
        with self._guard:
            for line in lines:
                self._lines.append(line[:LINE_CHARS])
                self._bytes += _size(self._lines[-1])
            while self._bytes > self.most_bytes:
                self._bytes -= _size(self._lines.popleft())

    def text(self) -> str:
        """What there is, oldest line first, without secrets; at most `most_bytes` as JSON."""
        with self._guard:
            lines = [self._redacted(line) for line in self._lines]
        while lines and sum(map(_size, lines)) > self.most_bytes:  # what hides a secret may be longer than it
            del lines[0]
        return "\n".join(lines)

    def _redacted(self, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, HIDDEN)
        for pattern, replacement in PATTERNS:
            line = pattern.sub(replacement, line)
        return "".join(letter for letter in line if letter.isprintable() or letter == "\t")


RING = Ring()  # of this process: logging has one root


def install() -> None:
    """From now on."""
    root = logging.getLogger()
    if RING not in root.handlers:
        root.addHandler(RING)


def send(server: Server, request: str) -> None:
    """Hand the lines over to the server that asked. What fails is asked for again."""
    try:
        server.post("/api/v1/nodes/me/log", RecentLog(request=request, text=RING.text()).model_dump())
    except (Refused, Unreachable) as error:
        log.warning("the recent log could not be sent: %s", error)


def _size(line: str) -> int:
    """As JSON, with its end of line."""
    return len(json.dumps(line))
