from django.apps import AppConfig


class InferenceConfig(AppConfig):
    name = "inference"

    def ready(self) -> None:
        from devices.telemetry import links
        from inference.placement import fleet

        links.use_estimator(fleet.link_of)  # so that pages show the numbers that placement decides with
