from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "webapp.notices"
    label = "notifications"
    verbose_name = "Notifications"
