from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "webapp.accounts"
    label = "people"
    verbose_name = "People"

    def ready(self) -> None:
        from webapp.accounts import lockout, login_records  # noqa: F401  connect their receivers
