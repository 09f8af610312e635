import logging
from typing import Any

import redis
from celery.signals import worker_ready
from django.apps import AppConfig
from django.db import DatabaseError

log = logging.getLogger(__name__)


class DevicesConfig(AppConfig):
    name = "devices"
    verbose_name = "Nodes"

    def ready(self) -> None:
        worker_ready.connect(_reconcile, dispatch_uid="devices.reconcile")


def _reconcile(**_: Any) -> None:
    """When a cloud worker starts: Redis may be new, or nodes may have been revoked while it was unreachable."""
    from devices.registry import acl

    try:
        log.info("Redis has %d node user(s)", acl.reconcile())
    except (redis.RedisError, DatabaseError) as error:
        log.warning("Redis ACL reconciliation failed: %s", error)
