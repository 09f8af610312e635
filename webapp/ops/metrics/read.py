"""The metrics that are read when Prometheus asks: what is now. Each is a value in READ."""

from functools import cache

from devices.contract.sensors import SENSORS, Sensor
from webapp.ops.metrics.metric import Metric

# By the last part of a sensor's key: the unit that Prometheus wants, and how many of it are one of the sensor's own.
UNITS = {"c": ("celsius", 1.0), "w": ("watts", 1.0), "percent": ("ratio", 0.01), "mb": ("bytes", float(1 << 20))}


def _gauge(name: str, help: str, *labels: str) -> Metric:
    return Metric(f"isthmus_{name}", "gauge", help, labels)


@cache
def of_sensor(sensor: Sensor) -> tuple[Metric, float]:
    """The metric of a sensor of nodes, and what its readings are multiplied by."""
    stem, _, unit = sensor.name.rpartition("_")
    name, factor = UNITS.get(unit, (unit, 1.0))
    return _gauge(f"node_{stem}_{name}" if stem else f"node_{name}", f"{sensor.source}.", "node"), factor


INFO = _gauge("info", "1; the labels say what runs here.", "version", "database")
SCRAPE_SECONDS = _gauge("scrape_seconds", "What reading these metrics took.")
DATABASE_UP = _gauge("database_up", "1 when the web process that answered reaches the database.")
DATABASE_SECONDS = _gauge("database_response_seconds", "What a query for nothing took.")
REDIS_UP = _gauge("redis_up", "1 when the web process that answered reaches Redis.")
REDIS_SECONDS = _gauge("redis_response_seconds", "What a ping took.")
REDIS_MEMORY = _gauge("redis_memory_bytes", "What Redis uses of its memory.")
REDIS_MEMORY_LIMIT = _gauge("redis_memory_limit_bytes", "What it may use; with more it refuses to store.")
REDIS_CLIENTS = _gauge("redis_clients", "Connections to Redis, of the server and of nodes.")
QUEUE_MESSAGES = _gauge("queue_messages", "Messages that wait for a cloud worker.", "queue")
CLOUD_WORKER_UP = _gauge("cloud_worker_up", "1 when a cloud worker has taken tasks in the last seconds.")
CLOCK_UP = _gauge("clock_up", "1 when the clock has sent something in the last seconds.")
PROCESSES = _gauge("processes", "Processes of the server that show that they are there.", "kind")
PROCESS_BYTES = _gauge("process_resident_bytes", "Resident memory of these processes together.", "kind")
SOCKETS = _gauge("sockets", "Open websockets.", "kind")
DISK_BYTES = _gauge("disk_bytes", "Size of the disk with the server's data.")
DISK_FREE_BYTES = _gauge("disk_free_bytes", "Of these, free.")
QUESTIONS_WAITING = _gauge("questions_waiting", "Questions that no worker has started on.", "background")
QUESTIONS_RUNNING = _gauge("questions_running", "Questions that are being answered.", "background")
OLDEST_QUESTION = _gauge("oldest_question_seconds", "How long the oldest waiting question waits; 0 without one.", "background")
PLANNER_SPENT = _gauge("planner_spent_today", "Cost of the planning model's calls since midnight by the server's clock.")
PLANNER_BUDGET = _gauge("planner_daily_budget", "What it may cost a day; absent without a limit.")
RUNS = _gauge("federated_runs", "Training runs.", "state")
NODES = _gauge("nodes", "Nodes, by tier and state.", "tier", "state")
NODES_LEFT_OUT = _gauge("nodes_left_out", "Nodes without series of their own, because there are too many.")
NODE_STATE = _gauge("node_state", "1 for the state that the node is in.", "node", "tier", "state")
NODE_INFO = _gauge(
    "node_info", "1; what computes on the node.", "node", "tier", "engine", "device", "precision", "profile", "agent"
)
NODE_LAST_SEEN = _gauge("node_last_seen_timestamp_seconds", "When its last heartbeat came.", "node")
NODE_QUEUE = _gauge("node_queue", "Jobs that wait or run on the node.", "node")

READ: tuple[Metric, ...] = (
    INFO, SCRAPE_SECONDS, DATABASE_UP, DATABASE_SECONDS,
    REDIS_UP, REDIS_SECONDS, REDIS_MEMORY, REDIS_MEMORY_LIMIT, REDIS_CLIENTS, QUEUE_MESSAGES, CLOUD_WORKER_UP, CLOCK_UP,
    PROCESSES, PROCESS_BYTES, SOCKETS, DISK_BYTES, DISK_FREE_BYTES,
    QUESTIONS_WAITING, QUESTIONS_RUNNING, OLDEST_QUESTION, PLANNER_SPENT, PLANNER_BUDGET, RUNS,
    NODES, NODES_LEFT_OUT, NODE_STATE, NODE_INFO, NODE_LAST_SEEN, NODE_QUEUE,
    *(of_sensor(sensor)[0] for sensor in SENSORS),
)  # fmt: skip
