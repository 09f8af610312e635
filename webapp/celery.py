"""The cloud's own Celery app: one queue, `cloud`, whose tasks orchestrate. Nodes have apps and credentials of their own."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

from django.conf import settings

app = Celery("isthmus", broker=settings.REDIS_URL)
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
    # Messages are acknowledged when taken: a lost one is found by its expired lease in the database (inference.answering.sweep),
    # in seconds, where Redis's visibility timeout would need minutes and could run a turn twice.
    task_acks_late=False,
    # A producer must not hang when Redis is away: the turn is stored, and the sweep enqueues it again.
    broker_transport_options={"socket_timeout": 5, "socket_connect_timeout": 2, "retry_on_timeout": False},
    task_publish_retry=False,
)
app.autodiscover_tasks(["inference.answering"])
