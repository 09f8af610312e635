from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "webapp.accounts"
    label = "people"
    verbose_name = "People"

    def ready(self) -> None:
        from webapp.accounts import lockout  # noqa: F401  connects its receivers
        from webapp.accounts.logins import records  # noqa: F401
