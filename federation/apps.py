from django.apps import AppConfig


class FederationConfig(AppConfig):
    name = "federation"
    verbose_name = "Federation"

    def ready(self) -> None:
        from celery.signals import worker_ready

        from federation import watch

        worker_ready.connect(watch.start, dispatch_uid="federation.watch")
