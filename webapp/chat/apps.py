from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "webapp.chat"
    label = "chat"

    def ready(self) -> None:
        from inference.answering import drafts
        from webapp.accounts import usage
        from webapp.chat.drafting import draft_run
        from webapp.chat.usage import photos, questions

        drafts.register_draft_maker(draft_run)
        for reader in (photos, questions):
            usage.register(reader)
