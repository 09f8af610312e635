"""Everything that Prometheus gets, as far as database and Redis can be reached."""

import logging
import time
from collections.abc import Iterable
from typing import cast

import redis
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.core import Metric as Family
from prometheus_client.exposition import choose_encoder

from devices.agent import VERSION
from webapp.ops.metrics import read, reporter, totals
from webapp.ops.metrics.counted import COUNTED
from webapp.ops.metrics.gauges import fleet, questions, server
from webapp.ops.metrics.metric import Gauges
from webapp.ops.metrics.reporter import REPORTER

DATABASE_ERRORS = (DatabaseError, InterfaceError)
log = logging.getLogger(__name__)


class Snapshot:
    """All metrics at one moment, as prometheus_client writes them."""

    def __init__(self) -> None:
        started = time.perf_counter()
        self.values: Gauges = {read.INFO: {(VERSION, connection.vendor): 1.0}, **server.disk_gauges()}
        self.counted: list[totals.Family] = []
        self._read_database()
        self._read_redis()
        self.values[read.SCRAPE_SECONDS] = {(): time.perf_counter() - started}

    def collect(self) -> Iterable[Family]:
        yield from self.counted
        for metric in read.READ:
            if values := self.values.get(metric):
                family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
                for labels, value in values.items():
                    family.add_metric(labels, value)
                yield family

    def _read_database(self) -> None:
        now, started = timezone.now(), time.perf_counter()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            self.values[read.DATABASE_SECONDS] = {(): time.perf_counter() - started}
            self.values |= {**fleet.gauges(now), **questions.gauges(now)}
            self.values[read.DATABASE_UP] = {(): 1.0}
        except DATABASE_ERRORS as error:
            log.warning("metrics without the database: %s", error)
            self.values[read.DATABASE_UP] = {(): 0.0}

    def _read_redis(self) -> None:
        try:
            REPORTER.report()  # what this process knows, at once
            with reporter.connection() as client:
                self.values |= server.redis_gauges(client)
                stored = cast("dict[bytes, bytes]", client.hgetall(totals.KEY))
            self.counted = totals.families(COUNTED, totals.parse(stored))
            self.values[read.REDIS_UP] = {(): 1.0}
        except (redis.RedisError, OSError) as error:
            log.warning("metrics without Redis: %s", error)
            self.values[read.REDIS_UP] = {(): 0.0}


def exposition(accept: str) -> tuple[bytes, str]:
    """The metrics in the newest format that the caller accepts, and its content type."""
    encode, content_type = choose_encoder(accept)
    return encode(Snapshot()), content_type
