from django.apps import AppConfig


class WatchesConfig(AppConfig):
    name = "inference.watches"
    label = "watches"

    def ready(self) -> None:
        from devices.camera_access import watch_source
        from inference.watches import distribution

        watch_source.register(distribution.for_node)
