from django.apps import AppConfig


class WebappConfig(AppConfig):
    name = "webapp"

    def ready(self) -> None:
        # The Celery app that `shared_task` belongs to, in every process that queues, and the system checks.
        from webapp import celery, checks  # noqa: F401
        from webapp.ops.traces import export

        export.start()
