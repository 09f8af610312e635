"""A thread in each cloud worker that claims work on models and starts a process for each job: one of a lane at a time.

A separate process at low priority, because it imports torch, takes minutes to hours and may be killed; answering goes on.
"""

import logging
import subprocess
import sys
import threading
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections

from inference.model_jobs import journal, kinds

log = logging.getLogger(__name__)
LOOK_S = 2.0


def start(**_: Any) -> None:
    threading.Thread(target=_watch, name="model-jobs", daemon=True).start()


def _watch() -> None:
    pause, children = threading.Event(), dict[str, "subprocess.Popen[bytes]"]()
    while not pause.wait(LOOK_S):
        children = {lane: child for lane, child in children.items() if child.poll() is None}
        try:
            free = {kind.lane for kind in kinds.KINDS} - children.keys()
            if free and (claimed := journal.claim_next(free)):
                job, token = claimed
                children[kinds.named(job.kind).lane] = _launch(job.pk, token)
        except (DatabaseError, OSError) as error:
            log.warning("could not look for work on models: %s", error)
        finally:
            close_old_connections()


def _launch(pk: int, token: str) -> "subprocess.Popen[bytes]":
    """The token goes through stdin, which stays open: the child exits when it breaks, that is, when this worker is gone."""
    command = [sys.executable, "manage.py", "model_job", str(pk)]
    child = subprocess.Popen(command, cwd=settings.BASE_DIR, stdin=subprocess.PIPE)
    assert child.stdin is not None
    child.stdin.write(f"{token}\n".encode())
    child.stdin.flush()
    return child
