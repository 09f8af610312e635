from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from webapp.accounts.models import ApiToken, User

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
