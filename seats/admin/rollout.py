"""Rollout plans with their tranches, to look at."""

from django.contrib import admin
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from seatportal.kit.admin import ReadOnlyAdmin, ReadOnlyInline
from seats.models import RolloutPlan, Tranche
from seats.rollout.words import held_words


class TrancheInline(ReadOnlyInline):
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

    @admin.display(description=_("held because"))
    def held_because(self, row: Tranche) -> str | Promise:
        """As its customer reads it."""
        return held_words(row.held_code) if row.held_code else ""


@admin.register(RolloutPlan)
class RolloutPlanAdmin(ReadOnlyAdmin):
    """One row per plan."""

    list_display = ("account", "name", "budget_month", "created_at", "ended_at")
    list_filter = ("budget_month",)
    search_fields = ("public_id", "name", "account__name", "account__slug")
    list_select_related = ("account",)
    inlines = (TrancheInline,)
