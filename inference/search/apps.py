from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "inference.search"
    label = "search"

    def ready(self) -> None:
        from inference.answering import execute
        from inference.search import memory

        execute.answered.connect(memory.receive)
