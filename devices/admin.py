from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from devices.models import EnrolCode, Node, NodeEvent, Reading, Sample
from devices.registry import enrolment, rotation
from webapp.live.errors import UserError


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Nodes and codes are created by enrolment, which also maintains Redis; the admin site only shows them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Node)
class NodeAdmin(ReadOnly):
    list_display = ("slug", "title", "tier", "approved", "fingerprint", "last_seen", "revoked_at")
    list_filter = ("tier", "approved")
    exclude = ("token_sha256", "redis_sha256", "rotation", "next_token_sha256", "next_redis_sha256")
    actions = ("approve", "rotate", "revoke")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its Redis user could no longer be removed; revoke the node instead

    @admin.action(description="Approve", permissions=["manage"])
    def approve(self, request: HttpRequest, rows: Any) -> None:
        for node in rows.filter(revoked_at=None):
            enrolment.approve(node.slug)
        self.message_user(request, "Approved. The agents fetch their credentials within seconds.", messages.SUCCESS)

    @admin.action(description="Rotate credentials", permissions=["manage"])
    def rotate(self, request: HttpRequest, rows: Any) -> None:
        for node in rows:
            try:
                rotation.rotate(node.slug)
            except UserError as error:
                self.message_user(request, f"{node.slug}: {error} {error.next}", messages.WARNING)
            else:
                self.message_user(
                    request, f"{node.slug} will change its credentials with its next heartbeat.", messages.SUCCESS
                )

    @admin.action(description="Revoke", permissions=["manage"])
    def revoke(self, request: HttpRequest, rows: Any) -> None:
        for node in rows:
            enrolment.revoke(node.slug)
        self.message_user(request, "Revoked. They lost access immediately.", messages.SUCCESS)

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("devices.change_node"))


@admin.register(EnrolCode)
class EnrolCodeAdmin(ReadOnly):
    list_display = ("name", "tier", "created", "expires", "used_at")


@admin.register(Sample)
class SampleAdmin(ReadOnly):
    list_display = ("node", "at", "bytes", "ms", "source")
    list_filter = ("node", "source")


@admin.register(NodeEvent)
class NodeEventAdmin(ReadOnly):
    list_display = ("at", "node", "from_state", "to_state", "reason")
    list_filter = ("to_state", "node")
    date_hierarchy = "at"


@admin.register(Reading)
class ReadingAdmin(ReadOnly):
    list_display = ("node", "at", "span_s", "values")
    list_filter = ("node", "span_s")
