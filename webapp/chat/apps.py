from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "webapp.chat"
    label = "chat"

    def ready(self) -> None:
        from inference.answering import drafts
        from webapp.chat.drafting import draft_run

        drafts.register_draft_maker(draft_run)
