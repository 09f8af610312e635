from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from webapp.accounts.models import ApiToken, AuditEntry, User

admin.site.site_header = admin.site.site_title = "Isthmus"
admin.site.register(User, UserAdmin)


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Admins see that a token exists and may revoke it; nobody can create one for somebody else."""

    list_display = ("name", "owner", "created", "last_used")
    readonly_fields = ("name", "owner", "created", "last_used")
    exclude = ("hash",)

    def has_add_permission(self, request: object) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("at", "by", "action", "kind", "name", "detail", "address")
    list_filter = ("kind", "action")
    search_fields = ("name", "by", "detail")
    date_hierarchy = "at"

    def has_add_permission(self, request: object) -> bool:
        return False

    def has_change_permission(self, request: object, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False
