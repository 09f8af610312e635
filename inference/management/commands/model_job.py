"""`manage.py model_job ID`: the process of one job. inference.model_jobs.launcher starts it and sends its token on stdin."""

import logging
import os
import sys
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from inference.model_jobs import kinds
from inference.model_jobs.journal import Journal
from webapp.live.errors import UserError
from webapp.live.lease import LeaseLost
from webapp.live.outages import outage

NICENESS = 15  # questions first, then training
UNEXPECTED = UserError(
    "internal", "An unexpected error stopped this.", "Resume it; see the cloud worker log for the cause.", 500
)
log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Do one piece of work on models (started by the cloud worker, not by people)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        os.nice(NICENESS)
        token = sys.stdin.readline().strip()
        threading.Thread(target=_end_with_parent, daemon=True).start()
        try:
            journal = Journal(options["job"], token, ended=_end)
        except LeaseLost:
            return
        with journal:
            _work(journal)


def _work(journal: Journal) -> None:
    try:
        kinds.named(journal.job.kind).run(journal)
    except LeaseLost:
        log.info("%s was stopped or taken over", journal.job)
    except UserError as error:
        journal.failed(error)
    except OSError as error:
        journal.failed(outage(error) or UNEXPECTED)
        log.exception("%s failed", journal.job)
    except Exception:
        # Logged with its traceback; people get an error instead of an endless bar.
        log.exception("%s failed", journal.job)
        journal.failed(UNEXPECTED)


def _end_with_parent() -> None:
    """The pipe breaks when the cloud worker is gone; another one takes the job over when the lease has expired."""
    sys.stdin.read()
    _end()


def _end() -> None:
    os._exit(0)
