"""Whom was asked about their seat, and who wants no such mail."""

from django.contrib import admin

from seatportal.kit.admin import ReadOnlyAdmin
from seats.models import Nudge, NudgeRefusal


@admin.register(Nudge)
class NudgeAdmin(ReadOnlyAdmin):
    """Mails to idle people and to possible mentors."""

    list_display = ("membership", "account", "kind", "at", "by", "silent_since", "given_back_at")
    list_filter = ("kind", ("given_back_at", admin.EmptyFieldListFilter))
    search_fields = ("public_id", "account__name", "membership__user__email")
    date_hierarchy = "at"
    list_select_related = ("account", "membership__user", "membership__account", "by")


@admin.register(NudgeRefusal)
class NudgeRefusalAdmin(ReadOnlyAdmin):
    """People who want no mail about how they use their seat."""

    list_display = ("membership", "account", "at")
    search_fields = ("account__name", "membership__user__email")
    list_select_related = ("account", "membership__user", "membership__account")
