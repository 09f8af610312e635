"""The cloud's Celery app. Its queue `cloud` holds what people wait for, `clock` what beat sends on schedule.

Nodes have apps and credentials of their own.
"""

import os

from celery import Celery, signals
from kombu.entity import Queue

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

from django.conf import settings

from webapp.notices import announcing
from webapp.ops import clock, garbage
from webapp.ops.traces import export
from webapp.redis_access import address


@signals.worker_init.connect
@signals.beat_init.connect
def write_privately(**named: object) -> None:
    """What these processes write is nobody else's. Not for every process that imports this: some write source files."""
    os.umask(0o077)


@signals.worker_init.connect
def trace_as_worker(**named: object) -> None:
    export.be("worker")


@signals.worker_ready.connect
def collect_only_what_comes(**named: object) -> None:
    garbage.leave_out_what_stays()


app = Celery("isthmus", broker=address.celery_url(settings.REDIS_URL), fixups=["webapp.ops.celery_fixup:fixup"])
app.set_default()  # "current" is a matter of the thread, and the web app queues from threads of its own
app.conf.update(
    task_default_queue="cloud",
    task_ignore_result=True,  # the database is the result
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,  # a turn waits for nodes; a second one must not wait behind it
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
    # Messages are acknowledged when taken: a lost one shows as an expired lease in the database (inference.answering.sweep)
    # within seconds, where Redis's visibility timeout would need minutes and could run a turn twice.
    task_acks_late=False,
    # A producer must not hang when Redis is away: the turn is stored, and the sweep enqueues it again.
    broker_transport_options={
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "retry_on_timeout": False,
        **address.celery_options(settings.REDIS_URL),
    },
    task_publish_retry=False,
)
# Not behind the questions that wait.
app.conf.task_routes = {name: {"queue": clock.CLOCK_QUEUE} for name in (announcing.NOTIFY, "ops.deliver")}
app.conf.task_queues = [Queue(app.conf.task_default_queue), Queue(clock.CLOCK_QUEUE)]
app.autodiscover_tasks(
    [
        "inference.answering",
        "inference.batches",
        "inference.bundles",
        "inference.search",
        "inference.watches",
        "devices",
        "webapp.ops",
    ]
)


def _every(task: str, seconds: float) -> dict[str, object]:
    """A schedule entry. Each message expires when the next one is due, so that busy workers never find two of a kind."""
    return {"task": task, "schedule": seconds, "options": {"queue": clock.CLOCK_QUEUE, "expires": seconds}}


# What must happen without a visitor. Every task is short, and safe to run twice.
app.conf.beat_schedule = {
    "give abandoned turns to another worker": _every("inference.sweep", 2),
    "give the items of batches to workers": _every("batches.sweep", 2),
    "notice nodes that fell silent": _every("devices.watch", 2),
    "update agents in stages": _every("devices.update_agents", 5),
    "deliver notifications": _every(announcing.NOTIFY, announcing.EVERY_S),
    "look at disk and budget": _every("ops.look", 60),
    "erase photos that were deleted a minute ago": _every("inference.erase_hidden", 5),
    "delete photos on nodes that were away": _every("inference.erase", 15),
    "fetch thumbnails of photos that stay on devices": _every("inference.fetch_thumbnails", 3),
    "recognise photos of earlier versions": _every("inference.fill_digests", 30),
    "have changed models exported for nodes": _every("inference.refresh_exports", 30),
    "check events of watches that were left unchecked": _every("watches.sweep", 30),
    "notice watches whose device or camera is gone": _every("watches.look", 3),
    "index photos for the search": _every("search.index", 5),
    "rebuild an index that the photos have outgrown": _every("search.rebuild", 300),
    "make backups": _every("ops.back_up", 60),
    "delete expired data": _every("ops.prune", 3600),
}
clock.install(app, settings.VAR_DIR / "run" / "clock" / "schedule")
