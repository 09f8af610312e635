"""A thread in each cloud worker that claims waiting runs and starts a process for each, one at a time.

A separate process, because training imports torch, takes minutes and may be killed; answering must not be affected.
"""

import logging
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections
from django.utils import timezone

from federation.models import Run
from federation.runs import journal

log = logging.getLogger(__name__)
LOOK_S = 2.0


def start(**_: Any) -> None:
    threading.Thread(target=_watch, name="federation", daemon=True).start()


def _watch() -> None:
    pause = threading.Event()
    child: subprocess.Popen[bytes] | None = None
    counted: tuple[int, str] | None = None  # a failed count is not repeated at once
    while True:
        try:
            if child is None or child.poll() is not None:
                if claimed := journal.claim_next():
                    child = _launch(*claimed)
                elif (draft := _uncounted()) is not None and draft != counted:
                    child, counted = _launch(draft[0], ""), draft
        except (DatabaseError, InterfaceError, OSError) as error:
            log.warning("could not look for runs: %s", error)
        finally:
            close_old_connections()
        pause.wait(LOOK_S)


def _uncounted() -> tuple[int, str] | None:
    """The newest draft without a label distribution; with its specification, which may change."""
    since = timezone.now() - timedelta(hours=1)
    draft = Run.objects.filter(state="draft", holdings=None, created__gt=since).first()
    return None if draft is None else (draft.pk, str(draft.spec))


def _launch(run: int, token: str) -> "subprocess.Popen[bytes]":
    """The token goes through stdin: command lines are visible to every user of the machine. Without a token nothing is
    trained, only the label distribution is counted."""
    child = subprocess.Popen([sys.executable, "manage.py", "federate", str(run)], cwd=settings.BASE_DIR, stdin=subprocess.PIPE)
    assert child.stdin is not None
    # Left open: the child exits when this pipe breaks, that is, when this worker is gone.
    child.stdin.write(f"{token}\n".encode())
    child.stdin.flush()
    return child
