from django.apps import AppConfig


class WatchesConfig(AppConfig):
    name = "inference.watches"
    label = "watches"

    def ready(self) -> None:
        from devices.camera_access import watch_source
        from inference.answering import drafts
        from inference.watches import distribution, drafting

        watch_source.register(distribution.for_nodes, distribution.reported_unable)
        drafts.register_watch_maker(drafting.draft_watch)
