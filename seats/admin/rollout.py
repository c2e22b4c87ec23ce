"""Rollout plans with their tranches, to look at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from seatportal.kit.admin import ReadOnlyAdmin, ShowsAmounts
from seats.models import RolloutPlan, Tranche
from seats.rollout.words import held_words


class TrancheInline(ShowsAmounts, admin.TabularInline):  # type: ignore[type-arg]  # generic only in the stubs
    """What is scheduled, and how it stands."""

    model = Tranche
    fields = readonly_fields = (
        "due_on",
        "quantity",
        "department",
        "owner",
        "gate_percent",
        "ceiling",
        "state",
        "held_because",
        "held_at",
        "change",
    )
    money_fields = ("ceiling",)
    extra = 0
    can_delete = False

    @admin.display(description=_("held because"))
    def held_because(self, row: Tranche) -> str | Promise:
        """As its customer reads it."""
        return held_words(row.held_code) if row.held_code else ""

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
