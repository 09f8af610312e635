"""`manage.py federate RUN`: the process of one run. federation.runs.run_launcher starts it and sends the lease's token on
stdin.
"""

import logging
import os
import sys
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from federation.runs import journal
from webapp.live.lease import LeaseLost

NICENESS = 5  # merging updates is light work, and answering has priority


class Command(BaseCommand):
    help = "Execute one training run (started by the cloud worker, not by people)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        os.nice(NICENESS)
        os.environ["FLWR_TELEMETRY_ENABLED"] = "0"
        logging.getLogger("flwr").setLevel(logging.WARNING)  # its messages about rounds are in the database
        token = sys.stdin.readline().strip()
        threading.Thread(target=_end_with_parent, daemon=True).start()
        if token:
            _work(options["run"], token)
        else:
            from federation.runs import label_distribution

            label_distribution.count(options["run"])


def _work(run: int, token: str) -> None:
    try:
        claimed = journal.Journal(run, token)
    except LeaseLost:
        return
    with claimed:
        # Imported now, because torch and Flower take seconds: the lease is renewed meanwhile.
        from federation.runs import runner

        runner.execute(claimed)


def _end_with_parent() -> None:
    """The pipe breaks when the cloud worker is gone; another one takes the run over when the lease has expired."""
    sys.stdin.read()
    os._exit(0)
