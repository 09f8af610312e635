from django.apps import AppConfig


class WebappConfig(AppConfig):
    name = "webapp"

    def ready(self) -> None:
        from celery.signals import worker_ready

        # The Celery app that `shared_task` belongs to, in every process that queues, and the system checks.
        from webapp import celery, checks  # noqa: F401
        from webapp.ops.metrics import events
        from webapp.ops.traces import export

        events.connect()
        worker_ready.connect(events.worker_started, dispatch_uid="metrics")
        export.start()
