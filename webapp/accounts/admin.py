from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from webapp.accounts.models import AuditEntry

# People, roles, tokens and second factors have pages of their own, which write the audit trail; nothing here uses groups.
admin.site.unregister([Group, StaticDevice, TOTPDevice])


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("at", "by", "action", "kind", "name", "detail", "address")
    list_filter = ("kind", "action")
    search_fields = ("name", "by", "detail")
    date_hierarchy = "at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False
