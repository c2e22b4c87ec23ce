"""Rollout plans with their tranches, to look at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from seatportal.kit.admin import ReadOnlyAdmin
from seatportal.templatetags.portal import money
from seats.models import RolloutPlan, Tranche


class TrancheInline(admin.TabularInline):  # type: ignore[type-arg]  # generic only in the stubs
    """What is scheduled, and how it stands."""

    model = Tranche
    fields = readonly_fields = (
        "due_on",
        "quantity",
        "department",
        "owner",
        "gate_percent",
        "at_most",
        "state",
        "held_code",
        "held_at",
        "change",
    )
    extra = 0
    can_delete = False

    @admin.display(description=_("at most"))
    def at_most(self, row: Tranche) -> str:
        """As money."""
        return money(row.ceiling, row.currency)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Customers schedule them, since they agree to the amount."""
        return False


@admin.register(RolloutPlan)
class RolloutPlanAdmin(ReadOnlyAdmin):
    """One row per plan."""

    list_display = ("account", "name", "budget_month", "created_at", "ended_at")
    list_filter = ("budget_month",)
    search_fields = ("public_id", "name", "account__name", "account__slug")
    list_select_related = ("account",)
    inlines = (TrancheInline,)
