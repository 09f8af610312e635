from django.apps import AppConfig


class InferenceConfig(AppConfig):
    name = "inference"

    def ready(self) -> None:
        from celery.signals import worker_ready
        from django.db.models.signals import post_delete

        from devices.telemetry import links
        from inference.answering import prefetch
        from inference.model_jobs import launcher
        from inference.models import Photo
        from inference.placement import fleet

        worker_ready.connect(launcher.start, dispatch_uid="inference.model_jobs.launcher")
        links.use_estimator(fleet.link_of)  # so that pages show the numbers that placement decides with
        # Rows also go with their owner, and from the admin: a signal sees all of it.
        post_delete.connect(prefetch.photo_deleted, sender=Photo)
