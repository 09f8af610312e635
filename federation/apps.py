from django.apps import AppConfig


class FederationConfig(AppConfig):
    name = "federation"
    verbose_name = "Federation"

    def ready(self) -> None:
        from celery.signals import worker_ready

        from federation.runs import run_launcher

        worker_ready.connect(run_launcher.start, dispatch_uid="federation.runs.run_launcher")
