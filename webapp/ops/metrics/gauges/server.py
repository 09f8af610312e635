"""Redis, and what the processes of the server show there; the disk."""

import shutil
import time
from collections import defaultdict

import redis
from django.conf import settings

from inference.answering.cloud_queue import ALIVE_KEY, CLOUD_QUEUE
from webapp.ops import clock
from webapp.ops.metrics import read, reporter, requests
from webapp.ops.metrics.metric import Gauges, Labels

KINDS = ("web", "cloud")  # of which there is always one


def redis_gauges(client: "redis.Redis") -> Gauges:
    """Raises redis.RedisError."""
    started = time.perf_counter()
    client.ping()
    response_s = time.perf_counter() - started
    pipe = client.pipeline(transaction=False)
    pipe.info("memory")
    pipe.info("clients")
    pipe.exists(ALIVE_KEY)
    pipe.exists(clock.ALIVE_KEY)
    queues = (CLOUD_QUEUE, clock.CLOCK_QUEUE)
    for queue in queues:
        pipe.llen(queue)
    memory, clients, worker, beat, *lengths = pipe.execute()
    return {
        read.REDIS_SECONDS: {(): response_s},
        read.REDIS_MEMORY: {(): memory["used_memory"]},
        read.REDIS_MEMORY_LIMIT: {(): memory["maxmemory"]} if memory.get("maxmemory") else {},
        read.REDIS_CLIENTS: {(): clients["connected_clients"]},
        read.CLOUD_WORKER_UP: {(): worker},
        read.CLOCK_UP: {(): beat},
        read.QUEUE_MESSAGES: {(queue,): length for queue, length in zip(queues, lengths, strict=True)},
        **_processes(client),
    }


def _processes(client: "redis.Redis") -> Gauges:
    counts: defaultdict[Labels, float] = defaultdict(float, {(kind,): 0.0 for kind in KINDS})
    resident: defaultdict[Labels, float] = defaultdict(float)
    sockets: defaultdict[Labels, float] = defaultdict(float, {(kind,): 0.0 for kind in requests.SOCKETS})
    for process in reporter.processes(client):
        counts[process["kind"],] += 1
        resident[process["kind"],] += process["resident_bytes"]
        for kind, count in process["sockets"].items():
            sockets[kind,] += count
    return {read.PROCESSES: counts, read.PROCESS_BYTES: resident, read.SOCKETS: sockets}


def disk_gauges() -> Gauges:
    usage = shutil.disk_usage(settings.VAR_DIR)
    return {read.DISK_BYTES: {(): usage.total}, read.DISK_FREE_BYTES: {(): usage.free}}
