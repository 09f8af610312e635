from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "inference.search"
    label = "search"
