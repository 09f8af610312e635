from django.apps import AppConfig


class BatchesConfig(AppConfig):
    name = "inference.batches"
    label = "batches"

    def ready(self) -> None:
        from inference.answering import turns
        from inference.batches import feeding

        turns.has_ended.connect(feeding.turn_ended, dispatch_uid="inference.batches")
