"""API keys, directories and remembered answers."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.access.actor import actor_of
from accounts.admin.members import ActingAdmin
from accounts.directory.connect import revoke_connection
from accounts.keys.revoke_api_key import revoke_api_key
from accounts.models import ApiKey, DirectoryPerson, IdempotentAnswer, ScimConnection
from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.kit.clock import now


@admin.register(ApiKey)
class ApiKeyAdmin(ActingAdmin):
    """Keys and OAuth clients; their hashes are not shown."""

    list_display = ("name", "prefix", "account", "created_by", "last_used_at", "expires_at", "revoked_at")
    list_filter = (
        ("revoked_at", admin.EmptyFieldListFilter),
        ("oauth_client", admin.EmptyFieldListFilter),
        "last_used_at",
        "created_at",
    )
    search_fields = ("name", "prefix", "account__name", "public_id")
    date_hierarchy = "created_at"
    list_select_related = ("account", "created_by__user", "created_by__account")
    exclude = ("secret_hash",)
    actions = ("revoke",)

    @admin.action(description=_("Revoke"), permissions=["act"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiKey]) -> None:
        """End them at once."""
        actor = actor_of(request, door="admin")
        self.each(request, rows, lambda row: revoke_api_key(account=row.account, key=row, actor=actor, at=now()))


@admin.register(ScimConnection)
class ScimConnectionAdmin(ActingAdmin):
    """Directories; their tokens are not shown."""

    list_display = ("name", "account", "created_by", "last_used_at", "rotated_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "last_used_at", "created_at")
    search_fields = ("name", "account__name", "public_id")
    date_hierarchy = "created_at"
    list_select_related = ("account", "created_by__user", "created_by__account")
    actions = ("disconnect",)

    @admin.action(description=_("Disconnect"), permissions=["act"])
    def disconnect(self, request: HttpRequest, rows: QuerySet[ScimConnection]) -> None:
        """End them at once."""
        actor = actor_of(request, door="admin")
        self.each(
            request,
            rows,
            lambda row: revoke_connection(account=row.account, connection=row, actor=actor, at=now()),
        )


@admin.register(DirectoryPerson)
class DirectoryPersonAdmin(ReadOnlyAdmin):
    """What directories say of people."""

    list_display = ("user_name", "account", "display_name", "external_id", "active", "user", "changed_at")
    list_filter = ("active", ("user", admin.EmptyFieldListFilter), "changed_at")
    search_fields = ("user_name", "display_name", "external_id", "account__name", "public_id")
    list_select_related = ("account", "user")


@admin.register(IdempotentAnswer)
class IdempotentAnswerAdmin(ReadOnlyAdmin):
    """What a repeated API request is answered with."""

    list_display = ("key", "account", "status", "created_at", "locked_until")
    list_filter = ("status", "created_at")
    search_fields = ("key", "account__name")
    list_select_related = ("account",)
