"""In place of "django.contrib.admin" in INSTALLED_APPS. Not in apps.py, where Django would take it for this package's own."""

from django.contrib.admin.apps import AdminConfig


class OwnersAdminConfig(AdminConfig):
    default_site = "webapp.accounts.admin_site.OwnersAdminSite"
