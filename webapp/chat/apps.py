from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "webapp.chat"
    label = "chat"

    def ready(self) -> None:
        from inference.answering import drafts, planner_usage
        from inference.answering.system_questions import run_source
        from webapp.accounts import usage
        from webapp.chat import run_facts
        from webapp.chat.drafting import draft_run
        from webapp.chat.library import editing
        from webapp.chat.usage import allowed, photos, questions

        drafts.register_draft_maker(draft_run)
        run_source.register_run_source(run_facts)
        planner_usage.register_replaced_turns(editing.replaced)
        for reader in (photos, questions, allowed):
            usage.register(reader)
