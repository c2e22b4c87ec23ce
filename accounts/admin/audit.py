"""The trail, to look at."""

from django.contrib import admin

from accounts.models import AuditEntry
from seatportal.kit.admin import ReadOnlyAdmin


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """Who did what; the database refuses changes."""

    list_display = ("at", "account", "user", "api_key", "directory", "impersonator", "door", "action", "summary")
    list_filter = ("door", "action", ("impersonator", admin.EmptyFieldListFilter), "at")
    search_fields = ("account__name", "user__email", "action", "target", "summary", "request_id")
    date_hierarchy = "at"
    list_select_related = ("account", "user", "api_key", "directory", "impersonator")
    show_full_result_count = False
