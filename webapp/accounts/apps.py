from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "webapp.accounts"
    label = "people"
    verbose_name = "People"
