"""How Celery uses Django: a worker's database connections stay open from one task to the next.

Celery by itself closes them around every task, which costs milliseconds. Here Django decides, as between requests: it closes
those that are broken or old (CONN_MAX_AGE), and with CONN_HEALTH_CHECKS tries one before its first use in a task, so that a
restarted server is noticed.
"""

from functools import cached_property
from typing import Any

from celery import Celery
from celery.fixups.django import DjangoFixup, DjangoWorkerFixup
from django.db import close_old_connections


class WorkerFixup(DjangoWorkerFixup):  # type: ignore[misc]  # Celery is not typed
    def install(self) -> "WorkerFixup":
        super().install()
        self._close_database()  # of the thread that starts the others
        return self

    def validate_models(self) -> None:
        """Without Django's checks, for which every page would be imported; `up` and each command run them."""
        self.django_setup()

    def close_database(self, **named: Any) -> None:
        close_old_connections()


class Fixup(DjangoFixup):  # type: ignore[misc]
    @cached_property
    def worker_fixup(self) -> WorkerFixup:
        return WorkerFixup(self.app)


def fixup(app: Celery) -> Fixup:
    return Fixup(app).install()
